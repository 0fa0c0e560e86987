"""Writing the projection: one transaction for each record. Writing a record again changes nothing."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from domain.record.records import Record
from store.database.clock import Clock
from store.database.connections import Database
from store.database.plain import run_each
from store.database.types import holdable, moment
from store.database.upserts import insert_missing, keep_newest
from store.instances.dimensions import keep_dimensions
from store.instances.writing.outcomes import replace_targets
from store.instances.writing.present_tickets import keep_ticket
from store.instances.writing.rows import Parts, hold, key_of, move, require_plan
from store.instances.writing.steps import insert_step
from store.rules.claims import end_claim
from store.schema.tables import deliveries, instance_events, milestones, notices
from store.schema.tenancy import OF_INSTANCE, OF_ORGANIZATION, own

_SETTLED = (
    sa.update(notices)
    .where(own(notices, OF_ORGANIZATION, instance_id=OF_INSTANCE, notice_id=sa.bindparam("of_notice")))
    .values(settled=True)
)


async def apply(database: Database, now: Clock, record: Record) -> None:
    """Write a record.

    Raises ProjectionConflict when its key (organization, instance, sequence) holds other content, and PlanMissing for a
    record without its plan while the row does not have that plan.
    """
    recorded_at = moment(now())
    parts = Parts.of(record, recorded_at)
    step = {**_columns_of(record), "sequence": record.sequence, "digest": record.digest, "link": record.link}
    step["recorded_at"] = recorded_at

    def work(conn: sa.Connection) -> None:
        held = hold(conn, record, parts)
        if insert_step(conn, record, step, held.is_new):
            require_plan(record, held)
            newer = parts.since(held)
            move(conn, record, held, newer)
            replace_targets(conn, record, held, newer)
            if record.snapshot is not None:
                end_claim(conn, record.organization, record.instance_id)
            _append(conn, record)
            keep_dimensions(conn, record, keep_ticket(conn, record, held))

    await database.write(work)


def _append(conn: sa.Connection, record: Record) -> None:
    """Write what the record adds, whichever records came before it."""
    _append_events(conn, record)
    _keep_milestones(conn, record)
    _keep_notices(conn, record)
    _keep_deliveries(conn, record)
    _settle_notices(conn, record)


def _append_events(conn: sa.Connection, record: Record) -> None:
    rows = [
        {
            **_columns_of(record),
            "sequence": record.sequence,
            "position": position,
            "event_id": event.event_id,
            "kind": event.kind.value,
            "occurred_at": moment(event.occurred_at),
            "received_at": moment(event.received_at),
            "doc": event.to_json(),
        }
        for position, event in enumerate(record.events)
    ]
    # An event id counts once: as it arrived first.
    insert_missing(conn, instance_events, rows)


def _keep_milestones(conn: sa.Connection, record: Record) -> None:
    rows = [
        {
            **_columns_of(record),
            "target": firing.key.target,
            "cycle": firing.key.cycle,
            "milestone": firing.key.milestone,
            "generation": firing.generation,
            "planned_at": moment(firing.planned_at),
            "fired_at": moment(firing.fired_at),
            "withdrawn_at": moment(firing.withdrawn_at),
            "delivered_at": moment(firing.delivered_at),
            "skipped": firing.skipped,
            "outcomes": [dict(one) for one in firing.outcomes] or None,
            "sequence": record.sequence,
        }
        for firing in record.firings
    ]
    keep_newest(conn, milestones, rows)


def _keep_notices(conn: sa.Connection, record: Record) -> None:
    rows = [
        {**_columns_of(record), "notice_id": notice["id"], "doc": notice, "settled": False, "sequence": record.sequence}
        for notice in record.notices
    ]
    insert_missing(conn, notices, rows)


def _keep_deliveries(conn: sa.Connection, record: Record) -> None:
    rows = [
        {
            **_columns_of(record),
            "notice_id": delivery.notice_id,
            "channel": delivery.channel,
            "status": delivery.status,
            "at": moment(delivery.at),
            # The answer of a receiver must not be refused.
            "error": holdable(delivery.error),
            "sequence": record.sequence,
        }
        for delivery in record.deliveries
    ]
    keep_newest(conn, deliveries, rows)


def _settle_notices(conn: sa.Connection, record: Record) -> None:
    run_each(conn, _SETTLED, [{**key_of(record), "of_notice": notice_id} for notice_id in record.settled])


def _columns_of(record: Record) -> dict[str, Any]:
    return {"organization": record.organization, "instance_id": record.instance_id}
