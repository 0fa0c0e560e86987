"""Receivers of organizations on the channels: what the service and the worker need of `channels/`, put together.

No room may import both sides; `cli/parts/api.py` and `worker.py` put this module in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from activities.ports import Found, NoticeChannel
from channels import channel, registry
from channels.channel import Destination, Outside, utc_now
from channels.outgoing.fetching import fetched
from channels.webhook import new_secret
from channels.wording import templates
from channels.wording.sample import SAMPLES, told_just_now
from channels.wording.times import Reader
from domain.calendar.local_time.zones import require_zone
from domain.errors import InvalidValue, NotFound, NoticeFailed, NoticeRefused, StoreUnavailable
from domain.record.notices import organization_of
from service.receivers import Addressed, KnownReceivers, Tried, opened
from service.templates import KnownTemplates, Seen
from service.tools import ciphers
from service.tools.ciphers import Cipher, SecretsUnreadable
from service.tools.last_known import STORE_SECONDS
from settings import Settings
from store.rules.receivers import StoredReceiver
from store.rules.templates import StoredTemplates
from ticket_systems import HttpSystems

log = logging.getLogger("slakeeper.outlets")

CHECK_SECONDS = 3.0
SAMPLE_SECONDS = 15.0

SwitchOff = Callable[[str, str, int, str], Awaitable[bool]]
"""Called with (organization, receiver id, its version, the reason)."""


class ChannelOutlets:
    """Checks and tries receivers through the real channels."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def check(self, addressed: Addressed) -> None:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await registry.check(addressed.receiver.channel, destination(addressed), self._outside)
        except TimeoutError:
            shown = f"{len(addressed.address)} characters"
            reason = f"could not be checked within {CHECK_SECONDS:g} s: no answer from the name's servers"
            raise InvalidValue("address", shown, reason) from None

    async def send_sample(self, addressed: Addressed, type_: str) -> Tried:
        type_ = _sample_type(type_)
        sending = registry.open_channel(addressed.receiver.channel, destination(addressed), self._outside)
        try:
            async with asyncio.timeout(SAMPLE_SECONDS):
                await sending.send(told_just_now(SAMPLES[type_], utc_now()))
        except NoticeRefused as refusal:
            return Tried("refused", refusal.message, refusal.gone)
        except NoticeFailed as failure:
            return Tried("failed", failure.message)
        except TimeoutError:
            return Tried("failed", f"{sending.name} took longer than {SAMPLE_SECONDS:g} seconds")
        return Tried("taken")

    @property
    def wording(self) -> ChannelWording:
        return ChannelWording()

    def new_secret(self, channel: str) -> str | None:
        return secret_for(channel)

    def sends(self, channel: str) -> bool:
        return not registry.lacking(registry.receiving(channel), self._outside.configuration)

    async def fetch(self, url: str) -> str:
        return await fetched(self._outside.http, url)


def _sample_type(type_: str) -> str:
    """Raises InvalidValue."""
    if type_ not in SAMPLES:
        raise InvalidValue("type", type_, f"must be one of {', '.join(SAMPLES)}")
    return type_


def secret_for(kind: str) -> str | None:
    """A new secret; None for a channel that signs nothing. Raises InvalidValue for one that takes no receivers."""
    return new_secret() if registry.receiving(kind).most_secrets else None


@asynccontextmanager
async def outgoing(settings: Settings) -> AsyncIterator[tuple[ChannelOutlets, Cipher, HttpSystems]]:
    """What the API needs to keep receivers and connectors, check and try them."""
    async with channel.opened(settings, SAMPLE_SECONDS) as outside:
        yield ChannelOutlets(outside), cipher_of(settings), HttpSystems(outside)


def cipher_of(settings: Settings) -> Cipher:
    """By `SLA_SECRET_KEY`, or else by the key that the data folder keeps."""
    return ciphers.cipher_of(settings.secret_keys, settings.home)


def destination(addressed: Addressed) -> Destination:
    """Where a receiver's channel sends. The receiver's id names it in histories, logs and errors."""
    receiver = addressed.receiver
    return Destination(addressed.address, addressed.secrets, id=receiver.id, timezone=receiver.timezone)


class ChannelWording:
    """The words of the real channels, for whoever keeps templates."""

    def parts(self, channel: str) -> Mapping[str, str]:
        try:
            kind = registry.receiving(channel)
        except InvalidValue as unknown:
            raise NotFound(unknown.message, field="channel", value=channel) from None
        return {part: templates.builtin(channel, part) for part in kind.parts}

    def check(self, channel: str, given: Mapping[str, Any]) -> None:
        templates.check(given, tuple(self.parts(channel)))

    def seen(self, channel: str, given: Mapping[str, str], notice: Mapping[str, Any] | str, zone: str | None) -> Seen:
        reads_in = None if zone is None else require_zone(zone)
        if isinstance(notice, str):
            message = templates.preview(channel, given, reads_in, _sample_type(notice))
        else:
            self.check(channel, given)
            reader = Reader(reads_in or notice["data"]["timezone"], utc_now())
            message = templates.compose(channel, notice, given, reader)
        return Seen(message.subject, message.text, message.html, message.problem)


class OrganizationChannels:
    """The channels of a notice's organization, as a worker finds them: one for each receiver that has chosen it.

    Without `templates`, or while they were never read, all speak in the built-in words.
    """

    def __init__(
        self,
        known: KnownReceivers,
        cipher: Cipher,
        outside: Outside,
        switch_off: SwitchOff,
        known_templates: KnownTemplates | None = None,
    ) -> None:
        self._known = known
        self._cipher = cipher
        self._outside = outside
        self._switch_off = switch_off
        self._templates = known_templates

    async def __call__(self, notice: Mapping[str, Any]) -> Found:
        organization = organization_of(notice)
        receivers = await self._known.of(organization)
        if receivers is None:
            return Found((), known=False)
        chosen = [one for one in receivers if one.receiver.choice.takes(notice)]
        words = await self._words(organization) if chosen else {}
        return Found([self._channel(organization, one, words) for one in chosen])

    async def named(self, organization: str, name: str) -> NoticeChannel | None:
        """The channel of that name, whatever it has chosen; None where its receiver is gone or switched off.

        Raises NoticeFailed while nobody can say.
        """
        receivers = await self._known.of(organization)
        if receivers is None:
            raise NoticeFailed("the organization's receivers cannot be read now")
        for one in receivers:
            if f"{one.receiver.channel}:{one.receiver.id}" == name:
                return self._channel(organization, one, await self._words(organization))
        return None

    async def _words(self, organization: str) -> Mapping[str, StoredTemplates]:
        return {} if self._templates is None else await self._templates.of(organization) or {}

    def _channel(
        self, organization: str, stored: StoredReceiver, words: Mapping[str, StoredTemplates]
    ) -> NoticeChannel:
        try:
            addressed = opened(stored, self._cipher)
            own = words.get(stored.receiver.channel)
            goes_to = replace(destination(addressed), templates={} if own is None else own.parts)
            sending = registry.open_behind_door(addressed.receiver.channel, goes_to, self._outside)
        except (SecretsUnreadable, InvalidValue) as error:
            return Unusable(f"{stored.receiver.channel}:{stored.receiver.id}", error.message)

        async def gone(because: str) -> None:
            await self._gone(organization, stored, because)

        return UntilGone(sending, gone)

    async def _gone(self, organization: str, stored: StoredReceiver, because: str) -> None:
        """A receiver that was changed since stays on; while the store is down its next notice tries again."""
        id_ = stored.receiver.id
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self._switch_off(organization, id_, stored.version, because)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("receiver %s of %s is gone, but stays switched on for now: %r", id_, organization, error)
        else:
            log.warning("receiver %s of %s is switched off: %s", id_, organization, because)
        self._known.forget(organization)


class UntilGone:
    """A channel that says so when its receiver has answered that it is gone."""

    def __init__(self, sending: NoticeChannel, gone: Callable[[str], Awaitable[None]]) -> None:
        self._sending = sending
        self._gone = gone

    @property
    def name(self) -> str:
        return self._sending.name

    async def send(self, notice: Mapping[str, Any]) -> None:
        try:
            await self._sending.send(notice)
        except NoticeRefused as refusal:
            if refusal.gone:
                await self._gone(refusal.message)
            raise


class Unusable:
    """A channel whose address cannot be read, or that is not installed: its notices wait until it can be used."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        self._why = why

    async def send(self, notice: Mapping[str, Any]) -> None:  # noqa: ARG002 - the channel's signature
        raise NoticeFailed(f"{self.name}: {self._why}")
