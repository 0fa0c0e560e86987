"""The ticket as its events have left it: what lists show and filter by, beside the ticket as it opened."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from domain.record.records import Record
from domain.ticket.events import Event
from domain.ticket.tickets import Ticket
from domain.ticket.timeline import CHANGING, ticket_after
from store.instances.rows import HeldRow, key_of, ticket_columns
from store.schema.tables import instance_events, instances
from store.schema.tenancy import OF_INSTANCE, OF_ORGANIZATION, own

_THIS = own(instances, OF_ORGANIZATION, id=OF_INSTANCE)
_SNAPSHOT = sa.select(instances.c.snapshot).where(_THIS)
_CHANGES = sa.select(instance_events.c.doc).where(
    own(instance_events, OF_ORGANIZATION, instance_id=OF_INSTANCE),
    instance_events.c.kind.in_([kind.value for kind in CHANGING]),
)


def keep_ticket(conn: sa.Connection, record: Record, held: HeldRow) -> None:
    """Keep the ticket as it is now, where the record may have changed it. The caller must hold the instance's row.

    Events count by when they happened, so a late one may change nothing: all that change the ticket are read again.
    """
    is_changed = any(event.kind in CHANGING for event in record.events)
    if not is_changed and (record.snapshot is None or held.is_new):
        return
    snapshot = conn.execute(_SNAPSHOT, key_of(record)).scalar_one()
    # Without its opening nothing is known of the ticket yet; once that is recorded, all events are.
    if snapshot is not None:
        opened = Ticket.from_json(snapshot["ticket"], "snapshot.ticket")
        docs = conn.scalars(_CHANGES, key_of(record)).all()
        _write(conn, record, opened, ticket_after(opened, map(Event.from_json, docs)))


def _write(conn: sa.Connection, record: Record, opened: Ticket, ticket: Ticket) -> None:
    values: dict[str, Any] = {**ticket_columns(ticket), "ticket": None if ticket == opened else ticket.to_json()}
    conn.execute(sa.update(instances).where(_THIS).values(values), key_of(record))
