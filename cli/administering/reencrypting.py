"""`sla reencrypt`: all that is kept encrypted, encrypted anew, on the store itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass, field
from functools import partial

from cli import administration, console
from outlets import cipher_of
from service.hooks.configuring import renewed
from service.people.contacts import Contacts
from service.people.on_calls import OnCalls
from service.receivers import NoOutlets, Receivers
from service.tools.ciphers import Cipher, SecretsUnreadable
from settings import Settings
from store.database.clock import system_clock
from store.lists.listed import ListPart
from store.store import Store

MOST = 100_000
KINDS = ("receiver", "source", "contact", "on-call")

Renew = Callable[[], Awaitable[object]]


@dataclass
class Renewal:
    """How many of each kind were encrypted anew, and which none of the keys can read."""

    done: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)

    def tell(self, kinds: Collection[str]) -> None:
        """Raises SecretsUnreadable if some could not be read; the others are encrypted anew all the same."""
        console.say(f"encrypted anew: {', '.join(f'{self.done[kind]} {kind}(s)' for kind in kinds)}")
        if self.unreadable:
            raise SecretsUnreadable(f"with none of the keys: {', '.join(self.unreadable)}; give each its secrets anew")


def reencrypt() -> None:
    """Encrypt all that is kept encrypted with the first key of SLA_SECRET_KEY, so that the others can go.

    Of all organizations: receivers, sources, contacts and feeds. Exit code 1 if some can be read with none of the keys;
    the others are encrypted anew all the same."""
    renew(KINDS)


def renew(kinds: Collection[str]) -> None:
    """The same for some kinds, with what came of it on the console."""
    asyncio.run(_renewed(kinds)).tell(kinds)


async def _renewed(kinds: Collection[str]) -> Renewal:
    found, settings = Renewal(), Settings.load()
    async with administration.opened() as store:
        cipher = cipher_of(settings)
        for organization in await store.organizations.list():
            async for kind, id_, again in _sealed(store, organization.id, cipher):
                if kind not in kinds:
                    continue
                try:
                    await again()
                except SecretsUnreadable:
                    found.unreadable.append(f"{id_} of {organization.id}")
                else:
                    found.done[kind] += 1
    return found


async def _sealed(store: Store, organization: str, cipher: Cipher) -> AsyncIterator[tuple[str, str, Renew]]:
    """Each thing of the organization that has secrets: its kind, its id, and how it is encrypted anew."""
    receivers = Receivers(store.receivers, cipher, NoOutlets())
    for receiver in (await store.receivers.list(organization, ListPart(MOST))).rows:
        id_ = receiver.receiver.id
        yield "receiver", id_, partial(receivers.renew, organization, id_)
    for source in (await store.sources.list(organization, ListPart(MOST))).rows:
        again = partial(renewed, cipher=cipher)
        yield "source", source.id, partial(store.sources.update, organization, source.id, again)
    people = await store.people.of(organization)
    contacts = Contacts(store.contacts, cipher, NoOutlets())
    for contact in people.contacts:
        if contact.sealed.addresses:
            yield "contact", contact.sealed.id, partial(contacts.renew, organization, contact.sealed.id)
    on_calls = OnCalls(store.on_calls, cipher, NoOutlets(), system_clock)
    for stored in people.on_calls:
        if stored.feed is not None:
            yield "on-call", stored.on_call.id, partial(on_calls.renew, organization, stored.on_call.id)
