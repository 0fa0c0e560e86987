"""Those whom escalations name, as a worker finds and tells them: their contacts' addresses on the channels.

No room may import both sides; `worker.py` puts this module in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from activities.ports import Found, NoticeChannel
from channels import registry
from channels.channel import Destination, Outside
from channels.outgoing.names import channel_name, host_of
from domain.errors import InvalidValue, NotFound, NoticeFailed, NoticeRefused, StoreUnavailable
from domain.instants import Instant
from domain.people.addresses import Address
from domain.people.contacts import Contact
from domain.people.directory import Directory, Person, Reach, is_mail_address
from domain.record.outcomes import CHANNELS
from outlets import UntilGone, Unusable, destination
from service.people.contacts import addressed
from service.people.directories import UNREADABLE, KnownDirectories
from service.receivers import MAIL
from service.templates import KnownTemplates
from service.tools.last_known import STORE_SECONDS
from store.rules.templates import StoredTemplates

log = logging.getLogger("slakeeper.addressees")

Mark = Callable[[str, str, Address, str], Awaitable[None]]
"""Called with (organization, contact id, address, why it is gone)."""


class OrganizationAddressees:
    """The contacts, rotas and teams of organizations on the real channels; the last known ones while the store is down.

    A mail address that no contact has is written to all the same, where the operator has set a mail server.
    """

    def __init__(
        self,
        known: KnownDirectories,
        outside: Outside,
        templates: KnownTemplates | None = None,
        mark: Mark | None = None,
    ) -> None:
        self._known = known
        self._outside = outside
        self._templates = templates
        self._mark = mark

    async def find(self, organization: str, action: str, whom: str, at: Instant) -> Reach:
        directory = await self._known.of(organization)
        if directory is None:
            raise StoreUnavailable(f"the contacts of {organization} cannot be read now")
        reach = directory.find(action, whom, at)
        written = tuple(mail_name(one.name) for one in reach.people if one.id is None)
        return replace(reach, channels=(*reach.channels, *written))

    async def channels(self, organization: str, outcomes: Sequence[Mapping[str, Any]]) -> Found:
        wanted = {name: outcome for outcome in outcomes for name in outcome.get(CHANNELS, ())}
        if not wanted:
            return Found(())
        directory = await self._known.of(organization)
        if directory is None:
            return Found((), known=False)
        words = {} if self._templates is None else await self._templates.of(organization) or {}
        return Found([self._channel(organization, directory, name, outcome, words) for name, outcome in wanted.items()])

    async def named(self, organization: str, name: str, notice: Mapping[str, Any]) -> NoticeChannel | None:
        """The channel of that name by which somebody was told whom the notice names. Raises NoticeFailed while nobody
        can say."""
        found = await self.channels(organization, notice["data"].get("outcomes", ()))
        if not found.known:
            raise NoticeFailed("the organization's contacts cannot be read now")
        return next((one for one in found.channels if one.name == name), None)

    def _channel(
        self,
        organization: str,
        directory: Directory,
        name: str,
        outcome: Mapping[str, Any],
        words: Mapping[str, StoredTemplates],
    ) -> NoticeChannel:
        found = directory.address(name)
        if found is not None:
            contact, address = found
            if address.gone:
                return Nobody(name, address.gone)
            if address.address == UNREADABLE:
                return Unusable(name, "its address was encrypted with a key that is not in SLA_SECRET_KEY")
            opened = self._opened(name, address.channel, destination(addressed(contact, address)), words)

            async def gone(because: str) -> None:
                await self._gone(organization, contact, address, because)

            return UntilGone(opened, gone)
        written = next((text for text in _mail_addresses(outcome) if mail_name(text) == name), None)
        if written is not None:
            return self._opened(name, MAIL, Destination(written), words)
        return Nobody(name)

    async def _gone(self, organization: str, contact: Contact, address: Address, because: str) -> None:
        """While the store is down the next notice to that address tries again."""
        if self._mark is None:
            return
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self._mark(organization, contact.id, address, because)
        except (StoreUnavailable, NotFound, TimeoutError) as error:
            log.warning("%s is gone, and not marked for now: %r", address.name_of(contact.id), error)
        else:
            log.warning("nobody is told by %s any more: %s", address.name_of(contact.id), because)
        self._known.forget(organization)

    def _opened(
        self, name: str, channel: str, where: Destination, words: Mapping[str, StoredTemplates]
    ) -> NoticeChannel:
        own = words.get(channel)
        try:
            return registry.open_behind_door(
                channel, replace(where, templates={} if own is None else own.parts), self._outside
            )
        except InvalidValue as error:
            return Unusable(name, error.message)


def mail_name(address: str) -> str:
    """What names a mail address in deliveries that is no contact's."""
    return channel_name(MAIL, None, address, host_of(address))


def _mail_addresses(outcome: Mapping[str, Any]) -> Iterator[str]:
    people = (Person(one["id"], one["name"]) for one in outcome.get("contacts", ()))
    yield from (one.name for one in people if one.id is None and is_mail_address(one.name))


class Nobody:
    """An address that its contact no longer has, or that is gone: what was on its way there is given up."""

    def __init__(self, name: str, why: str = "") -> None:
        self.name = name
        self._why = why or f"{name} is no address of a contact any more"

    async def send(self, notice: Mapping[str, Any]) -> None:  # noqa: ARG002 - the channel's signature
        raise NoticeRefused(self._why)
