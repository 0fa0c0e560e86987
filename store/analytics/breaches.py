"""Each breach of a period and its overrun. The core measures a clock that still runs, as of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.ids import SubjectType
from domain.instants import Instant, Micros
from domain.plan.facts import Excuse
from domain.plan.plans import Plan
from domain.policy.snapshot import Snapshot
from domain.record.views import calendar_of, overrun_at
from store.analytics import queries
from store.analytics.queries import INSTANCES, TARGETS, TRAITS, WITH_INSTANCES, OutcomeWindow, Scope
from store.database.types import instant, moment, optional_instant
from store.schema.tables import instances
from store.schema.tenancy import own


@dataclass(frozen=True, slots=True)
class MeasuredBreach:
    """`name` is the clock, `target` the clock as its instance shows it, whatever its stint. `overrun` is working
    time, `wall_overrun` wall time, both in microseconds.

    They last from the due instant to the stop, or to now while the clock is open. An excused one has its `excuse`.
    `title` is the ticket's as it is now.
    """

    instance_id: str
    subject_type: SubjectType
    subject: str
    name: str
    cycle: int
    target: str
    due_at: Instant
    stopped_at: Instant | None
    overrun: Micros
    wall_overrun: Micros
    policy_id: str | None
    team_id: str | None
    priority: str | None
    excuse: Excuse | None = None
    title: str | None = None

    @property
    def place(self) -> BreachPlace:
        return BreachPlace(self.due_at, self.instance_id, self.name, self.cycle)


@dataclass(frozen=True, slots=True)
class BreachPlace:
    """Where a breach stands in the list: each has a place of its own, whatever changes meanwhile."""

    due_at: Instant
    instance_id: str
    name: str
    cycle: int

    @property
    def behind(self) -> sa.ColumnElement[bool]:
        due = moment(self.due_at)
        after = sa.tuple_(TARGETS.instance_id, TARGETS.name, TARGETS.cycle) > sa.tuple_(
            *map(sa.literal, (self.instance_id, self.name, self.cycle))
        )
        # The first condition is said apart, because it finds the place on the index.
        return sa.and_(TARGETS.outcome_at <= due, sa.or_(TARGETS.outcome_at < due, after))


def find_breaches(
    conn: sa.Connection,
    scope: Scope,
    window: OutcomeWindow,
    limit: int,
    offset: int,
    after: BreachPlace | None = None,
    *,
    excused: bool = False,
) -> Sequence[MeasuredBreach]:
    """A page of breaches that count, or of those that are excused, newest due instant first."""
    columns = (*TARGETS, INSTANCES.subject_type, INSTANCES.subject, INSTANCES.title, TRAITS.policy_id, TRAITS.priority)
    order = (scope.ended.desc(), TARGETS.instance_id, TARGETS.name, TARGETS.cycle)
    every = queries.breached(scope, window, *columns, table=WITH_INSTANCES, excused=excused)
    if after is not None:
        every = every.where(after.behind)
    rows = conn.execute(every.order_by(*order).limit(limit).offset(offset)).all()
    plans = _plans(conn, scope, {row.instance_id for row in rows if excused or row.worked is None})
    return [_breach(row, plans, window.now) for row in rows]


_Plans = Mapping[str, tuple[Plan, Snapshot | None]]


def _plans(conn: sa.Connection, scope: Scope, instance_ids: set[str]) -> _Plans:
    these = sa.and_(own(instances, scope.organization), INSTANCES.id.in_(instance_ids))
    rows = conn.execute(sa.select(INSTANCES.id, INSTANCES.snapshot, INSTANCES.plan).where(these))
    return {
        row.id: (Plan.from_json(row.plan), None if row.snapshot is None else Snapshot.from_json(row.snapshot))
        for row in rows
    }


def _overrun(row: Any, plans: _Plans, now: Instant) -> Micros:
    if row.worked is not None:
        return Micros(max(0, row.worked - row.worked_when_due))
    planned, snapshot = plans[row.instance_id]
    target = planned.target(row.name, row.cycle)
    assert target is not None, "the rows of an instance are those of its plan"
    if snapshot is None:
        # While its opening is not recorded, its calendar is unknown.
        return Micros(max(0, target.used - target.used_before_overrun))
    return overrun_at(target, calendar_of(snapshot, target), now)


def _excuse(row: Any, plans: _Plans) -> Excuse | None:
    target = plans[row.instance_id][0].target(row.name, row.cycle) if row.excused is not None else None
    return None if target is None else target.excuse


def _breach(row: Any, plans: _Plans, now: Instant) -> MeasuredBreach:
    due_at, stopped_at = instant(row.outcome_at), optional_instant(row.stopped_at)
    return MeasuredBreach(
        instance_id=row.instance_id,
        subject_type=SubjectType(row.subject_type),
        subject=row.subject,
        name=row.name,
        cycle=row.cycle,
        target=row.name.partition("/")[0],
        due_at=due_at,
        stopped_at=stopped_at,
        overrun=_overrun(row, plans, now),
        wall_overrun=Micros((now if stopped_at is None else stopped_at) - due_at),
        policy_id=row.policy_id or None,
        team_id=row.team_id,
        priority=row.priority or None,
        excuse=_excuse(row, plans),
        title=row.title,
    )
