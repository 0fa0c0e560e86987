"""Which on-calls name a contact, and whether the contacts that one names are there."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from domain.errors import InvalidValue
from domain.people.on_call import OnCall
from store.schema.tables import contacts, on_calls
from store.schema.tenancy import own


def named_by(conn: sa.Connection, organization: str, contact_id: str) -> str | None:
    """The id of an on-call whose rotation or overrides name the contact; None where none does."""
    rows = conn.execute(sa.select(on_calls.c.id, on_calls.c.doc).where(own(on_calls, organization)))
    found = (row.id for row in rows if contact_id in {named for _, named in OnCall.from_json(row.doc).contacts})
    return next(found, None)


def require_contacts(conn: sa.Connection, organization: str, named: Sequence[tuple[str, str]]) -> None:
    """`named` are fields and the ids in them. Raises InvalidValue for one that is no contact of the organization."""
    if not named:
        return
    there = set(conn.scalars(sa.select(contacts.c.id).where(own(contacts, organization))))
    for field, contact_id in named:
        if contact_id not in there:
            raise InvalidValue(field, contact_id, "must be the id of a contact")
