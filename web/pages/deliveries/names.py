"""Whom the names of channels mean: receivers, addresses of contacts and ticket systems, as people call them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from domain.errors import NotFound
from domain.record.deliveries import parts_of
from domain.record.outcomes import CONNECTOR
from store.lists.listed import ListPart
from store.people.contacts import MOST_CONTACTS, StoredContact
from store.rules.receivers import StoredReceiver
from store.sources.sources import StoredSource
from store.store import Store

MOST = 500


@dataclass(frozen=True, slots=True)
class Named:
    name: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """By what stands behind the colon in the name of a channel."""

    known: Mapping[str, Named] = field(default_factory=dict)
    receivers: Mapping[str, Named] = field(default_factory=dict)

    def of(self, channel: str | None) -> tuple[str, Named]:
        """The kind of the channel, and whom it reaches. What was deleted since goes by its id."""
        if channel is None:
            return "", Named("")
        kind, receiver = parts_of(channel)
        if receiver is None:
            return kind, Named("")
        shown = "ticket system" if kind == CONNECTOR else kind
        return shown, self.known.get(receiver, Named(receiver))


async def names_of(store: Store, organization: str) -> Names:
    """All of an organization."""
    receivers = (await store.receivers.list(organization, ListPart(MOST))).rows
    contacts = (await store.contacts.list(organization, ListPart(MOST_CONTACTS))).rows
    sources = (await store.sources.list(organization, ListPart(MOST))).rows
    told = {**_told(receivers), **_reached(contacts)}
    return Names({**told, **_systems(sources)}, told)


async def names_for(store: Store, organization: str, channels: Iterable[str | None]) -> Names:
    """Those of these channels alone: a ticket names few, and its page is fetched again with each change."""
    known: dict[str, Named] = {}
    for id_ in {(parts_of(one)[1] or "").partition(".")[0] for one in channels if one is not None}:
        with suppress(NotFound):
            if id_.startswith("rcv_"):
                known |= _told([await store.receivers.get(organization, id_)])
            elif id_.startswith("con_"):
                known |= _reached([await store.contacts.get(organization, id_)])
            elif id_.startswith("src_"):
                known |= _systems([await store.sources.get(organization, id_)])
    return Names(known)


def _told(receivers: Iterable[StoredReceiver]) -> Mapping[str, Named]:
    return {one.receiver.id: Named(one.receiver.name, f"/settings/receivers/{one.receiver.id}") for one in receivers}


def _reached(contacts: Iterable[StoredContact]) -> Mapping[str, Named]:
    return {
        address.id_of(one.sealed.id): Named(one.sealed.name, f"/settings/contacts/{one.sealed.id}")
        for one in contacts
        for address in one.sealed.addresses
    }


def _systems(sources: Iterable[StoredSource]) -> Mapping[str, Named]:
    return {one.id: Named(one.document.name, f"/settings/sources/{one.id}") for one in sources}
