"""The ticket as its events have left it: what lists show and filter by, beside the ticket as it opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from domain.instants import to_datetime
from domain.record.records import Record
from domain.ticket.events import Event
from domain.ticket.tickets import Ticket
from domain.ticket.timeline import CHANGING, ticket_after
from store.instances.writing.rows import HeldRow, key_of, ticket_columns
from store.schema.tables import instance_events, instances
from store.schema.tenancy import OF_INSTANCE, OF_ORGANIZATION, own

_THIS = own(instances, OF_ORGANIZATION, id=OF_INSTANCE)
_SNAPSHOT = sa.select(instances.c.snapshot).where(_THIS)
_PRESENT = sa.select(instances.c.ticket).where(_THIS)
_CHANGING = sa.and_(
    own(instance_events, OF_ORGANIZATION, instance_id=OF_INSTANCE),
    instance_events.c.kind.in_([kind.value for kind in CHANGING]),
)
_SEQUENCE: sa.BindParameter[int] = sa.bindparam("of_sequence")
_CHANGES = sa.select(instance_events.c.doc).where(_CHANGING)
_OWN_CHANGES = _CHANGES.where(instance_events.c.sequence == _SEQUENCE)
_LATEST = sa.select(sa.func.max(instance_events.c.occurred_at, type_=instance_events.c.occurred_at.type)).where(
    _CHANGING, instance_events.c.sequence != _SEQUENCE
)


def keep_ticket(conn: sa.Connection, record: Record, held: HeldRow) -> Ticket | None:
    """Keep the ticket as it is now, where the record may have changed it, and return it then, else None.

    The caller must hold the instance's row.
    """
    is_changed = any(event.kind in CHANGING for event in record.events)
    if not is_changed and (record.snapshot is None or held.is_new):
        return None
    known = None if record.snapshot is not None else conn.execute(_PRESENT, key_of(record)).scalar_one()
    if known is not None and (added := _added_last(conn, record)) is not None:
        return _write(conn, record, ticket_after(Ticket.from_json(known, "ticket"), added))
    # Events count by when they happened, so a late one may change nothing: all that change the ticket are read again.
    snapshot = conn.execute(_SNAPSHOT, key_of(record)).scalar_one()
    # Without its opening nothing is known of the ticket yet; once that is recorded, all events are.
    if snapshot is None:
        return None
    docs = conn.scalars(_CHANGES, key_of(record)).all()
    opened = Ticket.from_json(snapshot["ticket"], "ticket")
    return _write(conn, record, ticket_after(opened, map(Event.from_json, docs)))


def _added_last(conn: sa.Connection, record: Record) -> Sequence[Event] | None:
    """The changes that the record has added, where they happened after all that changed the ticket before; else None.

    An event that was recorded before adds nothing: it counts as it arrived first.
    """
    key = {**key_of(record), "of_sequence": record.sequence}
    added = [Event.from_json(doc) for doc in conn.scalars(_OWN_CHANGES, key)]
    latest = conn.execute(_LATEST, key).scalar_one()
    is_last = latest is None or all(latest < to_datetime(event.occurred_at) for event in added)
    return added if is_last else None


def _write(conn: sa.Connection, record: Record, ticket: Ticket) -> Ticket:
    values: dict[str, Any] = {**ticket_columns(ticket), "ticket": ticket.to_json()}
    conn.execute(sa.update(instances).where(_THIS).values(values), key_of(record))
    return ticket
