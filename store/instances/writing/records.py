"""Writing the projection: one transaction for each record. Writing a record again changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from domain.instants import Instant, parse_optional
from domain.record.deliveries import parts_of
from domain.record.notices import TYPE_PREFIX, WITHDRAWN, step_label, withdrawal_id
from domain.record.records import Record
from store.database.connections import Database
from store.database.plain import run_each
from store.database.types import holdable, moment
from store.database.upserts import insert_missing, keep_newest
from store.instances.dimensions import keep_dimensions
from store.instances.writing.outcomes import replace_targets
from store.instances.writing.present_tickets import keep_ticket
from store.instances.writing.rows import Parts, hold, key_of, move, require_plan
from store.instances.writing.steps import insert_step, settled_later
from store.rules.claims import end_claim
from store.schema.tables import deliveries, instance_events, milestones, notices
from store.schema.tenancy import OF_INSTANCE, OF_ORGANIZATION, own

_SETTLED = (
    sa.update(notices)
    .where(own(notices, OF_ORGANIZATION, instance_id=OF_INSTANCE, notice_id=sa.bindparam("of_notice")))
    .values(settled=True)
)


async def apply(database: Database, at: Instant, record: Record) -> None:
    """Write a record, at that instant.

    Raises ProjectionConflict when its key (organization, instance, sequence) holds other content, and PlanMissing for a
    record without its plan while the row does not have that plan.
    """
    recorded_at = moment(at)
    parts = Parts.of(record, recorded_at)
    step = {**_columns_of(record), "sequence": record.sequence, "digest": record.digest, "link": record.link}
    step |= {"recorded_at": recorded_at, "settled": list(record.settled)}

    def work(conn: sa.Connection) -> None:
        held = hold(conn, record, parts)
        if insert_step(conn, record, step, held.is_new):
            require_plan(record, held)
            newer = parts.since(held)
            move(conn, record, held, newer)
            replace_targets(conn, record, held, newer)
            if record.snapshot is not None:
                end_claim(conn, record.organization, record.instance_id)
            settled = settled_later(conn, record) if held.sequence > record.sequence else frozenset()
            _append(conn, record, recorded_at, settled)
            keep_dimensions(conn, record, keep_ticket(conn, record, held))

    await database.write(work)


def _append(conn: sa.Connection, record: Record, recorded_at: Any, settled: Collection[str]) -> None:
    """Write what the record adds, whichever records came before it; `settled` are notices that others have settled."""
    _append_events(conn, record)
    _keep_milestones(conn, record)
    _keep_notices(conn, record, recorded_at, {*settled, *record.settled})
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


def _keep_notices(conn: sa.Connection, record: Record, recorded_at: Any, settled: Collection[str]) -> None:
    withdrawn = _withdrawn(record)
    rows = [
        {
            **_columns_of(record),
            "notice_id": notice["id"],
            "settled": notice["id"] in settled,
            "sequence": record.sequence,
            **_log_columns(notice, withdrawn.get(notice["id"])),
            "doc": notice,
        }
        for notice in record.notices
    ]
    insert_missing(conn, notices, [{**row, "fired_at": row["fired_at"] or recorded_at} for row in rows])


def _withdrawn(record: Record) -> dict[str, Any]:
    """When each firing that this step takes back was taken back, by id of the notice that says so."""
    gone = (firing for firing in record.firings if not firing.stands)
    return {
        withdrawal_id(record.organization, record.instance_id, firing): moment(firing.withdrawn_at) for firing in gone
    }


def _log_columns(notice: Mapping[str, Any], withdrawn_at: Any) -> dict[str, Any]:
    data = notice.get("data", {})
    word = str(notice.get("type", "")).removeprefix(TYPE_PREFIX)
    is_planned = word != WITHDRAWN
    return {
        "type": word,
        "planned_at": moment(parse_optional(data.get("planned_at"))) if is_planned else None,
        "fired_at": withdrawn_at or moment(parse_optional(data.get("fired_at"))),
        "policy_id": data.get("policy", {}).get("id"),
        "escalation": step_label(str(data.get("milestone", "")), data.get("escalation")),
    }


def _keep_deliveries(conn: sa.Connection, record: Record) -> None:
    rows = []
    for delivery in record.deliveries:
        kind, receiver = parts_of(delivery.channel)
        rows.append(
            {
                **_columns_of(record),
                "notice_id": delivery.notice_id,
                "channel": delivery.channel,
                "kind": kind,
                "receiver": receiver,
                "status": delivery.status,
                "at": moment(delivery.at),
                "tried_at": moment(delivery.sent_at),
                # The answer of a receiver must not be refused.
                "error": holdable(delivery.error),
                "sequence": record.sequence,
            }
        )
    # What somebody has had sent once more, no record knows of.
    keep_newest(conn, deliveries, rows, unless="resends")


def _settle_notices(conn: sa.Connection, record: Record) -> None:
    run_each(conn, _SETTLED, [{**key_of(record), "of_notice": notice_id} for notice_id in record.settled])


def _columns_of(record: Record) -> dict[str, Any]:
    return {"organization": record.organization, "instance_id": record.instance_id}
