"""Contacts of an organization. Their addresses come encrypted, and are handed out as they came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from domain.errors import Conflict, InvalidValue, NotFound
from domain.instants import Instant
from domain.people.addresses import Address
from domain.people.contacts import Contact, ContactKind
from store.access.organizations import begin_change
from store.database.clock import Clock
from store.database.connections import Database
from store.database.counting import count_rows
from store.database.types import holdable, instant, moment
from store.lists.listed import Found, Listed, ListPart, columns_of
from store.people.naming import named_by
from store.schema.tables import contacts
from store.schema.tenancy import own

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


def of_any_version(_stored: StoredContact) -> None:
    """Of a change that whoever was first may have."""


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
        now = moment(self.now())
        row = {**_columns(sealed), "organization": organization, "id": sealed.id, "version": 1}

        def work(conn: sa.Connection) -> StoredContact:
            begin_change(conn, organization)
            if count_rows(conn, contacts, own(contacts, organization)) >= MOST_CONTACTS:
                raise Conflict(f"an organization has at most {MOST_CONTACTS} contacts")
            _require_persons(conn, organization, sealed.members)
            conn.execute(sa.insert(contacts).values({**row, "created_at": now, "updated_at": now}))
            return _find(conn, organization, sealed.id)

        return await self.database.write(work)

    async def list(self, organization: str, part: ListPart) -> Found[StoredContact]:
        """Oldest first unless the part says otherwise."""
        return await self.database.read(
            lambda conn: LISTED.find(conn, sa.select(contacts), contacts, own(contacts, organization), part).each(
                _stored
            )
        )

    async def get(self, organization: str, contact_id: str) -> StoredContact:
        return await self.database.read(lambda conn: _find(conn, organization, contact_id))

    async def update(
        self, organization: str, contact_id: str, change: Change, require: Require = of_any_version
    ) -> StoredContact:
        """Write what `change` makes of the contact as it is now. `require` raises where that is not to be changed."""

        def work(conn: sa.Connection) -> StoredContact:
            begin_change(conn, organization)
            stored = _find(conn, organization, contact_id)
            require(stored)
            sealed = change(stored)
            _require_persons(conn, organization, sealed.members)
            if sealed.kind is not ContactKind.PERSON:
                _require_in_no_group(conn, organization, contact_id)
            values = {**_columns(sealed), "version": stored.version + 1, "updated_at": moment(self.now())}
            conn.execute(sa.update(contacts).where(own(contacts, organization, id=contact_id)).values(values))
            return _find(conn, organization, contact_id)

        return await self.database.write(work)

    async def delete(self, organization: str, contact_id: str, require: Require = of_any_version) -> None:
        """Raises Conflict for a member of a group, and for one whom an on-call names."""

        def work(conn: sa.Connection) -> None:
            begin_change(conn, organization)
            require(_find(conn, organization, contact_id))
            _require_in_no_group(conn, organization, contact_id)
            if (on_call := named_by(conn, organization, contact_id)) is not None:
                raise Conflict(f"on-call {on_call} names the contact", field="contact_id", value=contact_id)
            conn.execute(sa.delete(contacts).where(own(contacts, organization, id=contact_id)))

        await self.database.write(work)


def every_contact(conn: sa.Connection, organization: str) -> Sequence[StoredContact]:
    """All of an organization, oldest first."""
    return [_stored(row) for row in conn.execute(_ordered(organization))]


def _ordered(organization: str) -> sa.Select[Any]:
    query = sa.select(contacts).where(own(contacts, organization))
    return query.order_by(contacts.c.created_at, contacts.c.id)


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


def _find(conn: sa.Connection, organization: str, contact_id: str) -> StoredContact:
    row = conn.execute(sa.select(contacts).where(own(contacts, organization, id=contact_id))).first()
    if row is None:
        raise NotFound(f"contact {contact_id!r} does not exist", field="contact_id", value=contact_id)
    return _stored(row)


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
