"""What the API does with on-calls: a rotation, or a feed that is read before it is kept, encrypted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.errors import InvalidValue
from domain.fields import refuse_unknown, require_hidden_text, require_mapping, require_text
from domain.instants import Instant
from domain.people.contacts import Contact
from domain.people.on_call import OnCall, Rota
from service.people.feed import Feed, feed_of
from service.receivers import Outlets
from service.tools.ciphers import Cipher, SecretsUnreadable
from store.owned import of_any_version
from store.people.on_calls import OnCalls as KeptOnCalls
from store.people.on_calls import Require, SealedFeed, StoredOnCall

LONGEST_TEXT = 1_000_000
LONGEST_URL = 2000
_FEED_FIELDS = frozenset({"url", "ical"})


@dataclass(frozen=True, slots=True)
class OnCalls:
    """Methods raise NotFound for an on-call that does not exist, and what the store's raise."""

    kept: KeptOnCalls
    cipher: Cipher
    outlets: Outlets
    now: Callable[[], Instant]

    async def create(self, organization: str, document: Mapping[str, Any]) -> StoredOnCall:
        """Raises InvalidValue for a feed that cannot be read."""
        on_call = OnCall.from_json({name: value for name, value in document.items() if name != "feed"})
        feed = document.get("feed")
        _require_one(on_call, feed is not None)
        sealed = None if feed is None else await self._sealed(feed, on_call.timezone)
        return await self.kept.create(organization, on_call, sealed)

    async def change(
        self, organization: str, on_call_id: str, given: Mapping[str, Any], require: Require = of_any_version
    ) -> StoredOnCall:
        """Change the fields that are given. A rotation takes the place of a feed, and a feed that of a rotation."""
        fields = {name: value for name, value in given.items() if name != "feed"}
        stored = await self.kept.get(organization, on_call_id)
        require(stored)
        if given.get("feed") is not None and fields.get("rotation") is None:
            fields["rotation"] = None
        zone = _changed(stored.on_call, fields).timezone
        sealed = None if given.get("feed") is None else await self._sealed(given["feed"], zone)
        drops = ("feed" in given and given["feed"] is None) or fields.get("rotation") is not None

        def change(present: StoredOnCall) -> tuple[OnCall, SealedFeed | None]:
            on_call = _changed(present.on_call, fields)
            feed = sealed or (None if drops else self._renewed(present.feed))
            _require_one(on_call, feed is not None)
            return on_call, feed

        return await self.kept.update(organization, on_call_id, change, require)

    async def renew(self, organization: str, on_call_id: str) -> StoredOnCall:
        """Encrypt what its feed says with the key that is the first now. Raises SecretsUnreadable."""

        def change(stored: StoredOnCall) -> tuple[OnCall, SealedFeed | None]:
            return stored.on_call, self._encrypted_anew(stored.feed)

        return await self.kept.update(organization, on_call_id, change)

    async def rota(self, stored: StoredOnCall, contacts: Sequence[Contact]) -> Rota:
        """Who is on call and when. Raises SecretsUnreadable for a feed that no key opens."""
        return await rota_of(stored, contacts, self.cipher, self.now())

    def _renewed(self, feed: SealedFeed | None) -> SealedFeed | None:
        """Encrypted with the key that is the first now, as far as it can be read."""
        try:
            return self._encrypted_anew(feed)
        except SecretsUnreadable:
            return feed

    def _encrypted_anew(self, feed: SealedFeed | None) -> SealedFeed | None:
        if feed is None:
            return None
        url, text = (None if one is None else self.cipher.renewed(one) for one in (feed.url, feed.text))
        return replace(feed, url=url, text=text)

    async def _sealed(self, value: Any, zone: str) -> SealedFeed:
        document = require_mapping(value, "feed")
        refuse_unknown(document, _FEED_FIELDS, "feed")
        if len(document) != 1:
            raise InvalidValue("feed", sorted(document), "must have url or ical, and one of them")
        try:
            if "url" in document:
                url = _require_url(document["url"])
                text = await self.outlets.fetch(url)
            else:
                url, text = None, require_text(document["ical"], "ical", LONGEST_TEXT)
            await asyncio.to_thread(feed_of, text, zone, self.now())
        except InvalidValue as refusal:
            # What is wrong with the text behind a URL is wrong with the URL.
            raise InvalidValue(
                "feed.url" if "url" in document else "feed.ical", refusal.value, refusal.reason
            ) from None
        sealed = None if url is None else self.cipher.encrypted(url)
        return SealedFeed(sealed, self.cipher.encrypted(text), self.now())


async def rota_of(stored: StoredOnCall, contacts: Sequence[Contact], cipher: Cipher, at: Instant) -> Rota:
    """The rota with what its feed said when it was last read. Raises SecretsUnreadable."""
    if stored.feed is None or stored.feed.text is None:
        return Rota(stored.on_call, (), contacts)
    feed = await _parsed(cipher.decrypted(stored.feed.text), stored.on_call.timezone, at)
    return Rota(stored.on_call, feed.events, contacts)


async def rotas_of(
    stored: Sequence[StoredOnCall], contacts: Sequence[Contact], cipher: Cipher, at: Instant
) -> Sequence[Rota]:
    """Each rota; of a feed that no key opens, its overrides alone."""

    async def one(on_call: StoredOnCall) -> Rota:
        try:
            return await rota_of(on_call, contacts, cipher, at)
        except SecretsUnreadable:
            return Rota(on_call.on_call, (), contacts)

    return [await one(on_call) for on_call in stored]


async def _parsed(text: str, zone: str, at: Instant) -> Feed:
    """What was read before is still there, though newer code may refuse it."""
    try:
        return await asyncio.to_thread(feed_of, text, zone, at)
    except InvalidValue:
        return Feed(())


def _changed(on_call: OnCall, fields: Mapping[str, Any]) -> OnCall:
    return OnCall.from_json({**on_call.to_json(), **fields})


def _require_one(on_call: OnCall, has_feed: bool) -> None:
    if on_call.rotation is None and not has_feed:
        raise InvalidValue("rotation", None, "must be given where there is no feed")
    if on_call.rotation is not None and has_feed:
        raise InvalidValue("feed", "a feed", "must not stand beside a rotation")


def _require_url(value: Any) -> str:
    """`webcal:` is how calendars spell `https:`."""
    text = require_hidden_text(value, "url", LONGEST_URL).strip()
    scheme, found, rest = text.partition("://")
    return f"https://{rest}" if found and scheme.lower() in ("webcal", "webcals") else text
