"""Contacts of an organization. Their addresses come encrypted, and are handed out as they came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from domain.errors import Conflict, InvalidValue
from domain.instants import Instant
from domain.people.addresses import Address
from domain.people.contacts import Contact, ContactKind
from store.access.organizations import begin_change
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import holdable, instant
from store.lists.listed import Found, Listed, ListPart, columns_of
from store.owned import OwnedRows, of_any_version
from store.people.naming import named_by
from store.schema.tables import contacts

MOST_CONTACTS = 2000
LISTED = Listed(
    columns_of(contacts, "id", "name", "kind", "created_at", "updated_at"), "created_at", searched=("id", "name")
)
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class StoredContact:
    """`sealed` is the contact with addresses that are encrypted. `version` counts changes from 1 on."""

    sealed: Contact
    version: int
    created_at: Instant
    updated_at: Instant


Change = Callable[[StoredContact], Contact]
Require = Callable[[StoredContact], None]


@dataclass(frozen=True, slots=True)
class Contacts:
    """Methods that name a contact raise NotFound for one that does not exist.

    Changes raise InvalidValue for members that are no persons of the organization, and Conflict where something names
    what would be gone.
    """

    database: Database
    now: Clock

    async def create(self, organization: str, sealed: Contact) -> StoredContact:
        """Raises NotFound for the organization, Conflict where it has as many contacts as it may have."""

        def work(conn: sa.Connection) -> StoredContact:
            begin_change(conn, organization)
            _CONTACTS.require_fewer(conn, organization, MOST_CONTACTS)
            _require_persons(conn, organization, sealed.members)
            return _CONTACTS.insert(conn, organization, sealed.id, _columns(sealed), self.now())

        return await self.database.write(work)

    async def list(self, organization: str, part: ListPart) -> Found[StoredContact]:
        """Oldest first unless the part says otherwise."""
        return await self.database.read(lambda conn: _CONTACTS.list(conn, organization, part))

    async def get(self, organization: str, contact_id: str) -> StoredContact:
        return await self.database.read(lambda conn: _CONTACTS.find(conn, organization, contact_id))

    async def update(
        self, organization: str, contact_id: str, change: Change, require: Require = of_any_version
    ) -> StoredContact:
        """Write what `change` makes of the contact as it is now. `require` raises where that is not to be changed."""

        def work(conn: sa.Connection) -> StoredContact:
            sealed = change(_CONTACTS.begin(conn, organization, contact_id, require))
            _require_persons(conn, organization, sealed.members)
            if sealed.kind is not ContactKind.PERSON:
                _require_in_no_group(conn, organization, contact_id)
            return _CONTACTS.update(conn, organization, contact_id, _columns(sealed), self.now())

        return await self.database.write(work)

    async def delete(self, organization: str, contact_id: str, require: Require = of_any_version) -> None:
        """Raises Conflict for a member of a group, and for one whom an on-call names."""

        def work(conn: sa.Connection) -> None:
            _CONTACTS.begin(conn, organization, contact_id, require)
            _require_in_no_group(conn, organization, contact_id)
            if (on_call := named_by(conn, organization, contact_id)) is not None:
                raise Conflict(f"on-call {on_call} names the contact", field="contact_id", value=contact_id)
            _CONTACTS.delete(conn, organization, contact_id)

        await self.database.write(work)


def every_contact(conn: sa.Connection, organization: str) -> Sequence[StoredContact]:
    """All of an organization, oldest first."""
    return _CONTACTS.all(conn, organization)


def _require_persons(conn: sa.Connection, organization: str, members: Sequence[str]) -> None:
    if not members:
        return
    persons = {one.sealed.id for one in every_contact(conn, organization) if one.sealed.kind is ContactKind.PERSON}
    for place, member in enumerate(members):
        if member not in persons:
            raise InvalidValue(f"members[{place}]", member, "must be the id of a contact who is a person")


def _require_in_no_group(conn: sa.Connection, organization: str, contact_id: str) -> None:
    groups = (one.sealed for one in every_contact(conn, organization) if contact_id in one.sealed.members)
    if (group := next(groups, None)) is not None:
        reason = f"{contact_id} is a member of group {group.id}, whose members are persons"
        raise Conflict(reason, field="contact_id", value=contact_id)


def _columns(sealed: Contact) -> dict[str, Any]:
    return {
        "name": sealed.name,
        "kind": sealed.kind.value,
        "doc": sealed.to_json(),
        "addresses": [_address(one) for one in sealed.addresses],
    }


def _address(address: Address) -> dict[str, Any]:
    return replace(address, gone=holdable(address.gone)[:LONGEST_REASON]).to_json()


def _stored(row: Any) -> StoredContact:
    sealed = Contact.from_json(row.doc, tuple(map(Address.from_json, row.addresses)))
    return StoredContact(sealed, row.version, instant(row.created_at), instant(row.updated_at))


_CONTACTS = OwnedRows(contacts, "contact", LISTED, _stored)
