"""Whom the names of channels mean: receivers, addresses of contacts and ticket systems, as people call them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.record.deliveries import parts_of
from domain.record.outcomes import CONNECTOR
from store.lists.listed import ListPart
from store.people.contacts import MOST_CONTACTS
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
    receivers = (await store.receivers.list(organization, ListPart(MOST))).rows
    contacts = (await store.contacts.list(organization, ListPart(MOST_CONTACTS))).rows
    sources = (await store.sources.list(organization, ListPart(MOST))).rows
    told = {one.receiver.id: Named(one.receiver.name, f"/settings/receivers/{one.receiver.id}") for one in receivers}
    people = {
        address.id_of(one.sealed.id): Named(one.sealed.name, f"/settings/contacts/{one.sealed.id}")
        for one in contacts
        for address in one.sealed.addresses
    }
    systems = {one.id: Named(one.document.name, f"/settings/sources/{one.id}") for one in sources}
    return Names({**told, **people, **systems}, {**told, **people})
