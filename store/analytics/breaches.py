"""Each breach of a period and its overrun. The core measures a clock that still runs, as of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from domain.errors import InvalidValue
from domain.ids import SubjectType
from domain.instants import Instant, Micros, parse, render
from domain.plan.facts import Excuse
from domain.plan.plans import Plan
from domain.policy.snapshot import Snapshot
from domain.record.views import calendar_of, overrun_at
from store.analytics import queries
from store.analytics.breach_order import BREACH_SORTS, BY_OVERRUN, KEY, NEWEST_DUE_FIRST, Measured, sorting
from store.analytics.queries import INSTANCES, TARGETS, TRAITS, WITH_INSTANCES, OutcomeWindow, Scope
from store.database.types import instant, optional_instant
from store.lists.keys import Place
from store.lists.listed import ListPart, sorted_by
from store.schema.tables import instance_targets, instances
from store.schema.tenancy import own

_LENGTHS = (*KEY, TARGETS.outcome_at, TARGETS.stopped_at, TARGETS.worked, TARGETS.worked_when_due)
_SHOWN = (*TARGETS, INSTANCES.subject_type, INSTANCES.subject, INSTANCES.title, TRAITS.policy_id, TRAITS.priority)


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


@dataclass(frozen=True, slots=True)
class BreachList:
    """Which breaches are listed, and as of when: those of the scope that count, or those that are excused."""

    scope: Scope
    window: OutcomeWindow
    excused: bool = False

    def rows(self, *columns: Any, table: sa.FromClause) -> sa.Select[Any]:
        return queries.breached(self.scope, self.window, *columns, table=table, excused=self.excused)

    def find(self, conn: sa.Connection, part: ListPart) -> tuple[Sequence[MeasuredBreach], Place | None]:
        """The part, and the place of its last breach, None where nothing follows. Newest due instant first unless the
        part says otherwise. Raises InvalidValue for a sort or a place that is not of this list."""
        whole = self.rows(*_SHOWN, table=WITH_INSTANCES)
        name = sorted_by(part.sort or NEWEST_DUE_FIRST, BREACH_SORTS.sortable)
        if name not in BY_OVERRUN.columns:
            rows, last = sorting(self.scope).read(conn, whole, part)
            return self._breaches(conn, rows), last
        # What still runs grows meanwhile: pages that follow sort it as of the first one, or they would pass some over.
        as_of, after = _begun(part.after, self.window.now)
        found = BY_OVERRUN.find(self._measured(conn, as_of), replace(part, after=after))
        these = [one.key for one in found.rows]
        by_key = {_key(row): row for row in conn.execute(whole.where(sa.tuple_(*KEY).in_(these)))}
        last = None if found.last is None else (*found.last, render(as_of))
        return self._breaches(conn, [by_key[key] for key in these]), last

    def _measured(self, conn: sa.Connection, as_of: Instant) -> Sequence[Measured]:
        # Without what their instances hold: those rows are long.
        rows = conn.execute(self.rows(*_LENGTHS, table=instance_targets)).all()
        plans = _plans(conn, self.scope, {row.instance_id for row in rows if row.worked is None})
        return [Measured(_key(row), _overrun(row, plans, as_of), _wall_overrun(row, as_of)) for row in rows]

    def _breaches(self, conn: sa.Connection, rows: Sequence[Any]) -> Sequence[MeasuredBreach]:
        needed = {row.instance_id for row in rows if self.excused or row.worked is None}
        plans = _plans(conn, self.scope, needed)
        return [_breach(row, plans, self.window.now) for row in rows]


def _begun(place: Place | None, now: Instant) -> tuple[Instant, Place | None]:
    """As of when the first page was sorted, and the place without it."""
    if place is None:
        return now, None
    *before, begun = place or (None,)
    if begun is None:
        raise InvalidValue("cursor", list(place), "must be that of a list in the same order")
    return min(now, parse(begun, "cursor")), tuple(before)


def _key(row: Any) -> tuple[str, str, int]:
    return row.instance_id, row.name, row.cycle


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


def _wall_overrun(row: Any, now: Instant) -> Micros:
    stopped_at = optional_instant(row.stopped_at)
    return Micros(max(0, (now if stopped_at is None else stopped_at) - instant(row.outcome_at)))


def _excuse(row: Any, plans: _Plans) -> Excuse | None:
    target = plans[row.instance_id][0].target(row.name, row.cycle) if row.excused is not None else None
    return None if target is None else target.excuse


def _breach(row: Any, plans: _Plans, now: Instant) -> MeasuredBreach:
    return MeasuredBreach(
        instance_id=row.instance_id,
        subject_type=SubjectType(row.subject_type),
        subject=row.subject,
        name=row.name,
        cycle=row.cycle,
        target=row.name.partition("/")[0],
        due_at=instant(row.outcome_at),
        stopped_at=optional_instant(row.stopped_at),
        overrun=_overrun(row, plans, now),
        wall_overrun=_wall_overrun(row, now),
        policy_id=row.policy_id or None,
        team_id=row.team_id,
        priority=row.priority or None,
        excuse=_excuse(row, plans),
        title=row.title,
    )
