"""Instances as a replan looks at them, and the replans that were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.errors import Conflict, NotFound
from domain.events import Event
from domain.instants import Instant
from store.clock import Clock
from store.database import Database
from store.tables import instance_events, instances, replan_instances, replans
from store.types import instant, moment, optional_instant
from store.upserts import insert_missing

# Instances a look: their documents are all in memory at once.
BATCH = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """An instance as it is recorded."""

    id: str
    snapshot: Mapping[str, Any]
    plan: Mapping[str, Any]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Replanned:
    """What a replan did to one instance."""

    instance_id: str
    rules_before: Mapping[str, Any]
    rules_after: Mapping[str, Any]
    moves: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Replan:
    """`asked` is the request; `calendar_before` the version of a calendar that a closure changed."""

    id: str
    asked: Mapping[str, Any]
    reason: str
    actor: str
    applied_at: Instant
    undone_at: Instant | None = None
    calendar_id: str | None = None
    calendar_before: int | None = None


@dataclass(frozen=True, slots=True)
class Replans:
    database: Database
    now: Clock

    async def candidates(
        self, organization: str, since: Instant | None, only: Sequence[str] | None, after: str
    ) -> Sequence[Candidate]:
        """At most `BATCH` instances behind the id `after`, in the order of their ids: those that are open, and from
        `since` on those that closed then or later."""
        table = instances
        alive: sa.ColumnElement[bool] = table.c.closed_at.is_(None)
        if since is not None:
            alive = sa.or_(alive, table.c.closed_at >= moment(since))
        these = sa.and_(table.c.organization == organization, table.c.snapshot_sequence > 0, table.c.id > after, alive)
        if only is not None:
            these = sa.and_(these, table.c.id.in_(only))
        wanted = sa.select(table.c.id, table.c.snapshot, table.c.plan).where(these).order_by(table.c.id).limit(BATCH)
        async with self.database.read() as conn:
            rows = (await conn.execute(wanted)).all()
            mine = sa.and_(
                instance_events.c.organization == organization,
                instance_events.c.instance_id.in_([row.id for row in rows]),
            )
            events = (
                await conn.execute(sa.select(instance_events.c.instance_id, instance_events.c.doc).where(mine))
            ).all()
        told: dict[str, list[Event]] = {row.id: [] for row in rows}
        for event in events:
            told[event.instance_id].append(Event.from_json(event.doc))
        return [Candidate(row.id, row.snapshot, row.plan, tuple(told[row.id])) for row in rows]

    async def begin(self, organization: str, replan: Replan) -> None:
        row: dict[str, Any] = {
            "organization": organization,
            "id": replan.id,
            "asked": replan.asked,
            "reason": replan.reason,
            "actor": replan.actor,
            "applied_at": moment(replan.applied_at),
            "calendar_id": replan.calendar_id,
            "calendar_before": replan.calendar_before,
        }
        async with self.database.write() as conn:
            await conn.execute(sa.insert(replans).values(row))

    async def keep(self, organization: str, replan_id: str, changed: Sequence[Replanned]) -> None:
        """What the replan does to these instances; of one that is kept already nothing changes."""
        rows = [
            {
                "organization": organization,
                "replan_id": replan_id,
                "instance_id": one.instance_id,
                "rules_before": one.rules_before,
                "rules_after": one.rules_after,
                "moves": list(one.moves),
            }
            for one in changed
        ]
        async with self.database.write() as conn:
            await insert_missing(conn, replan_instances, rows)

    async def find(self, organization: str, replan_id: str) -> Replan | None:
        this = sa.and_(replans.c.organization == organization, replans.c.id == replan_id)
        async with self.database.read() as conn:
            row = (await conn.execute(sa.select(replans).where(this))).first()
        return None if row is None else _replan(row)

    async def get(self, organization: str, replan_id: str) -> Replan:
        """Raises NotFound."""
        found = await self.find(organization, replan_id)
        if found is None:
            raise NotFound(f"There is no replan {replan_id}.", field="replan_id", value=replan_id)
        return found

    async def list(self, organization: str, limit: int, offset: int) -> tuple[Sequence[Replan], int]:
        """A page, newest first, and how many there are."""
        own = replans.c.organization == organization
        page = sa.select(replans).where(own).order_by(replans.c.applied_at.desc(), replans.c.id)
        async with self.database.read() as conn:
            total = await conn.scalar(sa.select(sa.func.count()).select_from(replans).where(own))
            rows = (await conn.execute(page.limit(limit).offset(offset))).all()
        return [_replan(row) for row in rows], total or 0

    async def changed(self, organization: str, replan_id: str) -> Sequence[Replanned]:
        """Every instance that the replan moves, in the order of their ids."""
        table = replan_instances
        these = sa.and_(table.c.organization == organization, table.c.replan_id == replan_id)
        async with self.database.read() as conn:
            rows = (await conn.execute(sa.select(table).where(these).order_by(table.c.instance_id))).all()
        return [Replanned(row.instance_id, row.rules_before, row.rules_after, row.moves) for row in rows]

    async def undo(self, organization: str, replan: Replan) -> None:
        """Mark it undone, unless it is already. Raises Conflict naming instances that a later replan has changed."""
        this = sa.and_(replans.c.organization == organization, replans.c.id == replan.id)
        async with self.database.write() as conn:
            row = (await conn.execute(sa.select(replans).where(this).with_for_update())).one()
            if row.undone_at is not None:
                return
            later = (await conn.scalars(_changed_since(organization, replan))).all()
            if later:
                names = ", ".join(later[:20])
                reason = f"Later replans have changed {len(later)} of its instances; undo those first: {names}"
                raise Conflict(reason, field="replan_id", value=replan.id)
            await conn.execute(sa.update(replans).where(this).values(undone_at=moment(self.now())))


def _changed_since(organization: str, replan: Replan) -> sa.Select[Any]:
    """Instances of the replan that a later one, which stands, has changed again."""
    mine, other = replan_instances.alias("mine"), replan_instances.alias("other")
    same = sa.and_(other.c.organization == mine.c.organization, other.c.instance_id == mine.c.instance_id)
    stands = sa.and_(
        replans.c.organization == other.c.organization,
        replans.c.id == other.c.replan_id,
        replans.c.undone_at.is_(None),
        replans.c.applied_at > moment(replan.applied_at),
    )
    joined = mine.join(other, same).join(replans, stands)
    own = sa.and_(mine.c.organization == organization, mine.c.replan_id == replan.id)
    return sa.select(mine.c.instance_id).select_from(joined).where(own).distinct().order_by(mine.c.instance_id)


def _replan(row: Any) -> Replan:
    return Replan(
        id=row.id,
        asked=row.asked,
        reason=row.reason,
        actor=row.actor,
        applied_at=instant(row.applied_at),
        undone_at=optional_instant(row.undone_at),
        calendar_id=row.calendar_id,
        calendar_before=row.calendar_before,
    )
