"""The statements behind analytics: each finds the clocks of an organization by when they ended, on one index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.analytics.buckets import Bucket
from domain.analytics.spreads import MEDIAN, P90, rank_below
from domain.ids import Kind
from domain.instants import Instant
from domain.origins import Origin
from store.outcomes import BREACHED, MET
from store.tables import instance_targets, instances, policies
from store.types import UtcDateTime, moment

TARGETS = instance_targets.c
INSTANCES = instances.c
JOINED = instance_targets.join(
    instances, sa.and_(INSTANCES.organization == TARGETS.organization, INSTANCES.id == TARGETS.instance_id)
)
NUMBER = sa.func.count().label("number")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose clocks are looked at; None narrows nothing."""

    organization: str
    kind: Kind
    policy_id: str | None = None
    priority: str | None = None
    team_id: str | None = None
    type: str | None = None
    origin: Origin | None = None

    @property
    def table(self) -> sa.FromClause:
        """The rows of instances are long: they are read only where what they hold is asked for."""
        return instance_targets if self.policy_id is self.priority is self.origin is None else JOINED

    @property
    def where(self) -> sa.ColumnElement[bool]:
        # The id of an instance begins with its kind.
        of_kind = TARGETS.instance_id.startswith(f"inst_{self.kind}_", autoescape=True)
        narrow = {
            INSTANCES.policy_id: self.policy_id,
            INSTANCES.priority: self.priority,
            TARGETS.team_id: self.team_id,
            TARGETS.type: self.type,
        }
        given = [column == value for column, value in narrow.items() if value is not None]
        if self.origin is not None:
            given.append(INSTANCES.policy_id.in_(_policies_of(self.organization, self.origin)))
        return sa.and_(TARGETS.organization == self.organization, of_kind, *given)


@dataclass(frozen=True, slots=True)
class Window:
    """`[start, end)`, and of that what has happened by `now`."""

    start: Instant
    end: Instant
    now: Instant

    @property
    def until(self) -> Instant:
        return min(self.end, Instant(self.now + 1))

    @property
    def where(self) -> sa.ColumnElement[bool]:
        return sa.and_(TARGETS.outcome_at >= moment(self.start), TARGETS.outcome_at < moment(self.until))


def groups(scope: Scope, window: Window) -> sa.Select[Any]:
    """How many there are of every combination of traits and outcome."""
    traits = (TARGETS.type, INSTANCES.priority, INSTANCES.policy_id, TARGETS.team_id, TARGETS.outcome)
    return sa.select(*traits, NUMBER).select_from(JOINED).where(scope.where, window.where).group_by(*traits)


def touched(scope: Scope, window: Window) -> sa.Select[Any]:
    number = sa.func.count(sa.distinct(TARGETS.instance_id))
    return sa.select(number).select_from(scope.table).where(scope.where, window.where)


def times(scope: Scope, window: Window) -> sa.Select[Any]:
    """Of the counted clocks that have stopped, by type: averages, and the few lengths that percentiles lie between.

    Averages cannot overflow where sums could.
    """
    of_type: dict[str, Any] = {"partition_by": TARGETS.type}
    every = sa.select(
        *(TARGETS.type, TARGETS.worked, TARGETS.lasted),
        sa.func.count().over(**of_type).label("number"),
        *(sa.func.avg(TARGETS[name]).over(**of_type).label(f"{name}_on_average") for name in LENGTHS),
        sa.func.row_number().over(**of_type, order_by=TARGETS.worked).label("worked_rank"),
        sa.func.row_number().over(**of_type, order_by=TARGETS.lasted).label("lasted_rank"),
    ).select_from(scope.table)
    ranked = every.where(scope.where, _stopped(window)).subquery()
    below = [rank_below(ranked.c.number, share) for share in (MEDIAN, P90)]
    wanted = [rank.in_([*below, *(low + 1 for low in below)]) for rank in (ranked.c.worked_rank, ranked.c.lasted_rank)]
    return sa.select(ranked).where(sa.or_(*wanted))


LENGTHS = ("worked", "lasted", "paused")


def averages(scope: Scope, window: Window) -> sa.Select[Any]:
    """How many of the counted clocks have stopped and what they show on average, by policy and type."""
    traits = (INSTANCES.policy_id, TARGETS.type)
    found = sa.select(*traits, NUMBER, sa.func.avg(TARGETS.worked).label("worked")).select_from(JOINED)
    return found.where(scope.where, _stopped(window)).group_by(*traits)


def bucket_counts(scope: Scope, cut: Sequence[Bucket], now: Instant) -> sa.Select[Any]:
    """How many were met and breached in each bucket (by its number); buckets that lie ahead must be left out."""
    columns = (sa.column("bucket", sa.Integer), sa.column("start", UtcDateTime), sa.column("end", UtcDateTime))
    bounds = [
        (number, moment(bucket.start), moment(Window(bucket.start, bucket.end, now).until))
        for number, bucket in enumerate(cut)
    ]
    cuts = sa.values(*columns, name="cuts").data(bounds).cte("cuts")
    within = sa.and_(scope.where, TARGETS.outcome_at >= cuts.c.start, TARGETS.outcome_at < cuts.c.end)
    every = sa.select(sa.func.count()).select_from(scope.table).where(within).correlate(cuts)
    # As a join, PostgreSQL went through all rows for each bucket; so it looks each bucket up in the index.
    of_outcome = (
        every.where(TARGETS.outcome == outcome).scalar_subquery().label(outcome) for outcome in (MET, BREACHED)
    )
    return sa.select(cuts.c.bucket, *of_outcome)


def breached(scope: Scope, window: Window, *columns: Any, table: sa.FromClause = JOINED) -> sa.Select[Any]:
    these = sa.and_(scope.where, window.where, TARGETS.outcome == BREACHED)
    return sa.select(*columns).select_from(table).where(these)


def _policies_of(organization: str, origin: Origin) -> sa.Select[Any]:
    own = sa.and_(policies.c.organization == organization, policies.c.origin == origin.value)
    return sa.select(policies.c.id).where(own)


def _stopped(window: Window) -> sa.ColumnElement[bool]:
    return sa.and_(window.where, _counted(), TARGETS.stopped_at <= moment(window.now))


def _counted() -> sa.ColumnElement[bool]:
    return TARGETS.outcome.in_((MET, BREACHED))
