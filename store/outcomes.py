"""How each clock of an instance ends as its newest record plans it: the rows that analytics count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.clocks import ClockState
from domain.instants import Instant
from domain.plans import Plan, TargetPlan
from domain.records import Record
from store.tables import instance_targets, instances
from store.types import holdable, moment

MET = "met"
BREACHED = "breached"
CANCELLED = "cancelled"

_OUTCOMES: Mapping[ClockState, str] = {ClockState.STOPPED: MET, ClockState.CANCELLED: CANCELLED}


async def replace_targets(conn: AsyncConnection, record: Record) -> None:
    """The clocks of the record's plan in place of all there were, unless a newer record has been applied.

    To be called once the instance's row has been moved: whoever moves it holds it until the end of the transaction.
    """
    if not await _is_newest(conn, record):
        return
    own = sa.and_(
        instance_targets.c.organization == record.organization, instance_targets.c.instance_id == record.instance_id
    )
    await conn.execute(sa.delete(instance_targets).where(own))
    if rows := [_row(record, target) for target in Plan.from_json(record.plan or {}).targets]:
        await conn.execute(sa.insert(instance_targets), rows)


async def _is_newest(conn: AsyncConnection, record: Record) -> bool:
    this = sa.and_(instances.c.organization == record.organization, instances.c.id == record.instance_id)
    return await conn.scalar(sa.select(instances.c.sequence).where(this)) == record.sequence


def _row(record: Record, target: TargetPlan) -> dict[str, Any]:
    outcome, outcome_at = _outcome(target)
    stopped = target.stopped_at is not None
    return {
        "organization": record.organization,
        "instance_id": record.instance_id,
        "name": target.name,
        "cycle": target.cycle,
        "type": target.type,
        "team_id": None if target.team_id is None else holdable(target.team_id),
        "started_at": moment(target.started_at),
        "due_at": moment(target.due_at),
        "stopped_at": moment(target.stopped_at),
        "outcome": outcome,
        "outcome_at": moment(outcome_at),
        "budget": target.budget,
        "worked": target.used if stopped else None,
        "lasted": _lasted(target),
        "paused": target.paused_for,
    }


def _outcome(target: TargetPlan) -> tuple[str | None, Instant | None]:
    """A breach may lie ahead: such a clock is undecided until then."""
    if target.breached_at is not None:
        return BREACHED, target.breached_at
    return _OUTCOMES.get(target.state), target.stopped_at


def _lasted(target: TargetPlan) -> int | None:
    if target.stopped_at is None or target.started_at is None:
        return None
    return target.stopped_at - target.started_at
