"""Writing the projection: one transaction a record, the same whoever writes it and however often."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import ProjectionConflict
from domain.ids import InstanceId
from domain.instants import parse
from domain.records import Record
from domain.snapshot import Facts
from store.clock import Clock
from store.database import Database
from store.tables import deliveries, instance_events, instance_records, instances, milestones, notices
from store.types import moment
from store.upserts import upsert

_CURRENT = ("status", "opened_at", "closed_at", "next_due_at", "sequence", "plan", "set_aside", "recorded_at")


async def apply(database: Database, now: Clock, record: Record) -> None:
    """Raises ProjectionConflict when the key (organization, instance, sequence) holds other content."""
    async with database.write() as conn:
        if await _claim(conn, now, record):
            await _move_current(conn, now, record)
            await _keep_snapshot(conn, record)
            await _append_events(conn, record)
            await _keep_milestones(conn, record)
            await _keep_notices(conn, record)
            await _keep_deliveries(conn, record)


async def _claim(conn: AsyncConnection, now: Clock, record: Record) -> bool:
    """Whether this record is new. A second writer of the same key waits here for the first to commit."""
    table = instance_records
    row = {**_of(record), "sequence": record.sequence, "digest": record.digest, "recorded_at": moment(now())}
    if (await conn.execute(upsert(conn, table).values(row).on_conflict_do_nothing())).rowcount:
        return True
    key = (table.c.organization == record.organization, table.c.instance_id == record.instance_id)
    held = await conn.scalar(sa.select(table.c.digest).where(*key, table.c.sequence == record.sequence))
    if held != record.digest:
        raise ProjectionConflict(
            f"record {record.sequence} of {record.instance_id} is already written with other content",
            field="sequence",
            value=record.sequence,
        )
    return False


async def _move_current(conn: AsyncConnection, now: Clock, record: Record) -> None:
    """The row of the instance, moved forward and never back."""
    instance = InstanceId.parse(record.instance_id)
    insert = upsert(conn, instances).values(
        organization=record.organization,
        id=record.instance_id,
        kind=instance.kind.value,
        subject_type=instance.subject_type.value,
        subject=instance.subject,
        status=record.status.value,
        opened_at=moment(parse(record.plan["opened_at"])),
        closed_at=moment(record.closed_at),
        next_due_at=moment(record.next_due_at),
        sequence=record.sequence,
        snapshot_sequence=0,
        plan=record.plan,
        set_aside=list(record.set_aside),
        recorded_at=moment(now()),
    )
    newer = insert.excluded.sequence > instances.c.sequence
    await conn.execute(_replacing(insert, ("organization", "id"), _CURRENT, newer))


async def _keep_snapshot(conn: AsyncConnection, record: Record) -> None:
    if record.snapshot is None:
        return
    facts = Facts.of(record.snapshot)
    table = instances
    older = table.c.snapshot_sequence < record.sequence
    this = sa.and_(table.c.organization == record.organization, table.c.id == record.instance_id, older)
    values = {"policy_id": facts.policy_id, "priority": facts.priority, "snapshot": record.snapshot}
    await conn.execute(sa.update(table).where(this).values(**values, snapshot_sequence=record.sequence))


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
    await _each(conn, upsert(conn, instance_events).on_conflict_do_nothing(), rows)


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
            "sequence": record.sequence,
        }
        for firing in record.firings
    ]
    await _each(conn, _newest(conn, milestones), rows)


async def _keep_notices(conn: AsyncConnection, record: Record) -> None:
    rows = [
        {**_of(record), "notice_id": notice["id"], "doc": notice, "sequence": record.sequence}
        for notice in record.notices
    ]
    await _each(conn, upsert(conn, notices).on_conflict_do_nothing(), rows)


async def _keep_deliveries(conn: AsyncConnection, record: Record) -> None:
    rows = [
        {
            **_of(record),
            "notice_id": delivery.notice_id,
            "channel": delivery.channel,
            "status": delivery.status,
            "at": moment(delivery.at),
            "error": _without_nul(delivery.error),
            "sequence": record.sequence,
        }
        for delivery in record.deliveries
    ]
    await _each(conn, _newest(conn, deliveries), rows)


def _of(record: Record) -> dict[str, Any]:
    return {"organization": record.organization, "instance_id": record.instance_id}


def _newest(conn: AsyncConnection, table: sa.Table) -> Any:
    """An insert that replaces what an earlier record said under the same key, and never what a later one said."""
    insert = upsert(conn, table)
    key = tuple(column.name for column in table.primary_key)
    others = tuple(column.name for column in table.columns if not column.primary_key)
    return _replacing(insert, key, others, insert.excluded.sequence >= table.c.sequence)


def _replacing(insert: Any, key: tuple[str, ...], columns: tuple[str, ...], where: Any) -> Any:
    return insert.on_conflict_do_update(
        index_elements=list(key), set_={name: insert.excluded[name] for name in columns}, where=where
    )


async def _each(conn: AsyncConnection, statement: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        await conn.execute(statement, rows)


def _without_nul(text: str) -> str:
    """What a receiver answered is not ours to refuse."""
    return text.replace("\0", "").encode(errors="replace").decode()
