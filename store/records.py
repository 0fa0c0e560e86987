"""Writing the projection: one transaction a record, the same whoever writes it and however often."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.digests import plan_digest
from domain.errors import PlanMissing, ProjectionConflict
from domain.ids import InstanceId
from domain.instants import parse
from domain.records import Record
from domain.snapshot import Facts
from store.chains import chain
from store.claims import end_claim
from store.clock import Clock
from store.database import Database
from store.outcomes import replace_targets
from store.tables import deliveries, instance_events, instance_records, instances, milestones, notices
from store.types import holdable, moment
from store.upserts import insert_missing, insert_new, keep_newest


async def apply(database: Database, now: Clock, record: Record) -> None:
    """Raises ProjectionConflict when the key (organization, instance, sequence) holds other content."""
    async with database.write() as conn:
        if await _claim(conn, now, record):
            record = await _with_plan(conn, record)
            await _move_current(conn, now, record)
            await replace_targets(conn, record)
            await _keep_snapshot(conn, record)
            await _append_events(conn, record)
            await _keep_milestones(conn, record)
            await _keep_notices(conn, record)
            await _keep_deliveries(conn, record)
            await _settle_notices(conn, record)
            await chain(conn, record)


async def _with_plan(conn: AsyncConnection, record: Record) -> Record:
    if record.plan is not None:
        return record
    this = sa.and_(instances.c.organization == record.organization, instances.c.id == record.instance_id)
    row = (await conn.execute(sa.select(instances.c.sequence, instances.c.plan).where(this))).first()
    if row is None or (row.sequence < record.sequence and plan_digest(row.plan) != record.plan_digest):
        raise PlanMissing(f"step {record.sequence} of {record.instance_id} came without its plan")
    return replace(record, plan=row.plan)


async def _claim(conn: AsyncConnection, now: Clock, record: Record) -> bool:
    """Whether this record is to be written. A second writer of the same key waits here for the first to commit."""
    content = {"digest": record.digest, "recorded_at": moment(now()), "link": record.link}
    if await insert_new(conn, instance_records, {**_of(record), "sequence": record.sequence, **content}):
        return True
    held = await conn.scalar(sa.select(instance_records.c.digest).where(_key_of(record)))
    if held != record.digest:
        raise ProjectionConflict(
            f"record {record.sequence} of {record.instance_id} is already written with other content",
            field="sequence",
            value=record.sequence,
        )
    return False


def _key_of(record: Record) -> sa.ColumnElement[bool]:
    columns = instance_records.c
    return sa.and_(
        columns.organization == record.organization,
        columns.instance_id == record.instance_id,
        columns.sequence == record.sequence,
    )


async def _move_current(conn: AsyncConnection, now: Clock, record: Record) -> None:
    """The row of the instance, moved forward and never back."""
    instance = InstanceId.parse(record.instance_id)
    row = {
        "organization": record.organization,
        "id": record.instance_id,
        "kind": instance.kind.value,
        "subject_type": instance.subject_type.value,
        "subject": instance.subject,
        "status": record.status.value,
        "opened_at": moment(parse((record.plan or {})["opened_at"])),
        "closed_at": moment(record.closed_at),
        "next_due_at": moment(record.next_due_at),
        "next_milestone_at": moment(record.next_milestone_at),
        "ongoing": record.ongoing,
        "sequence": record.sequence,
        "plan": record.plan,
        "set_aside": dict(record.set_aside),
        "recorded_at": moment(now()),
    }
    await keep_newest(conn, instances, [row])


async def _keep_snapshot(conn: AsyncConnection, record: Record) -> None:
    if record.snapshot is None:
        return
    facts = Facts.of(record.snapshot)
    table = instances
    older = table.c.snapshot_sequence < record.sequence
    this = sa.and_(table.c.organization == record.organization, table.c.id == record.instance_id, older)
    values = {"policy_id": facts.policy_id, "priority": facts.priority, "snapshot": record.snapshot}
    await conn.execute(sa.update(table).where(this).values(**values, snapshot_sequence=record.sequence))
    await end_claim(conn, record.organization, record.instance_id)


async def _append_events(conn: AsyncConnection, record: Record) -> None:
    rows = [
        {
            **_of(record),
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
    # An event id counts once, as it first arrived.
    await insert_missing(conn, instance_events, rows)


async def _keep_milestones(conn: AsyncConnection, record: Record) -> None:
    rows = [
        {
            **_of(record),
            "target": firing.key.target,
            "cycle": firing.key.cycle,
            "milestone": firing.key.milestone,
            "generation": firing.generation,
            "planned_at": moment(firing.planned_at),
            "fired_at": moment(firing.fired_at),
            "withdrawn_at": moment(firing.withdrawn_at),
            "delivered_at": moment(firing.delivered_at),
            "skipped": firing.skipped,
            "sequence": record.sequence,
        }
        for firing in record.firings
    ]
    await keep_newest(conn, milestones, rows)


async def _keep_notices(conn: AsyncConnection, record: Record) -> None:
    rows = [
        {**_of(record), "notice_id": notice["id"], "doc": notice, "settled": False, "sequence": record.sequence}
        for notice in record.notices
    ]
    await insert_missing(conn, notices, rows)


async def _keep_deliveries(conn: AsyncConnection, record: Record) -> None:
    rows = [
        {
            **_of(record),
            "notice_id": delivery.notice_id,
            "channel": delivery.channel,
            "status": delivery.status,
            "at": moment(delivery.at),
            # What a receiver answered is not ours to refuse.
            "error": holdable(delivery.error),
            "sequence": record.sequence,
        }
        for delivery in record.deliveries
    ]
    await keep_newest(conn, deliveries, rows)


async def _settle_notices(conn: AsyncConnection, record: Record) -> None:
    if record.settled:
        of_instance = sa.and_(
            notices.c.organization == record.organization, notices.c.instance_id == record.instance_id
        )
        these = sa.and_(of_instance, notices.c.notice_id.in_(record.settled))
        await conn.execute(sa.update(notices).where(these).values(settled=True))


def _of(record: Record) -> dict[str, Any]:
    return {"organization": record.organization, "instance_id": record.instance_id}
