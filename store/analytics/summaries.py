"""How the clocks of a period ended, counted in the database on one state of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.analytics.buckets import Bucket
from domain.analytics.clusters import Clusters, clusters
from domain.analytics.figures import Figures, Group, Times
from domain.analytics.periods import Period
from domain.analytics.rates import Tally
from domain.analytics.spreads import MEDIAN, P90, Spread, rank_below, spread
from domain.instants import Instant
from store.analytics import queries
from store.analytics.breaches import BreachList, MeasuredBreach
from store.analytics.groups import Groups, Trends, find_groups_by, find_trends_by
from store.analytics.lateness import ChannelFigures, find_lateness
from store.analytics.queries import TARGETS, TRAITS, WITH_TRAITS, OutcomeWindow, Scope
from store.analytics.weeks import Weeks, find_weeks
from store.database.connections import Database
from store.database.types import instant
from store.deliveries.log import DeliveryFilters
from store.instances.writing.outcomes import BREACHED
from store.lists.keys import Place
from store.lists.listed import ListPart
from store.schema.tables import instance_targets, policies, teams
from store.schema.tenancy import own

FEW = 50_000
"""Up to so many lengths, sorting is faster than counting along the index, which holds the lengths of all times."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of policies and teams by their ids, archived and deleted ones included.

    An id that is not known here is absent.
    """

    policies: Mapping[str, str]
    teams: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Summary:
    """`groups` are those of the period, None if nothing was to be grouped by."""

    current: Figures
    previous: Figures
    names: Names
    groups: Groups | None = None


@dataclass(frozen=True, slots=True)
class Breaches:
    """A page of the `total` breaches, and clusters of all breaches, each with its number, largest first.

    `excused` is the number of breaches that are excused, which are among the others only where they were asked for.
    `last` is the place of the last of the page, None where nothing follows.
    """

    page: Sequence[MeasuredBreach]
    last: Place | None
    total: int
    excused: int
    moments: Clusters
    by_team: Sequence[tuple[str | None, int]]
    by_policy: Sequence[tuple[str | None, int]]
    names: Names
    groups: Groups | None = None


@dataclass(frozen=True, slots=True)
class Analytics:
    """Only what has happened by `now` counts: a due instant that lies ahead has not passed."""

    database: Database

    async def summary(self, scope: Scope, period: Period, now: Instant, group_by: str | None = None) -> Summary:
        """`group_by` is a dimension, or what else can be grouped by."""
        before = period.before()
        window = OutcomeWindow(period.start, period.end, now)

        def work(conn: sa.Connection) -> Summary:
            these = queries.sized(conn, scope)
            current = _figures(conn, these, window)
            previous = _figures(conn, these, OutcomeWindow(before.start, before.end, now))
            groups = None if group_by is None else find_groups_by(conn, these, window, group_by)
            return Summary(current, previous, _names(conn, scope, current.groups), groups)

        return await self.database.read(work)

    async def trend(self, scope: Scope, cut: Sequence[Bucket], now: Instant) -> Sequence[Tally]:
        """A tally for each bucket, empty buckets included."""
        counts = [Tally() for _ in cut]
        begun = [bucket for bucket in cut if bucket.start <= now]
        if begun:

            def work(conn: sa.Connection) -> Sequence[Any]:
                return conn.execute(queries.bucket_counts(queries.sized(conn, scope), begun, now)).all()

            for row in await self.database.read(work):
                counts[row.bucket] = Tally(row.met, row.breached, excused=row.excused)
        return counts

    async def trend_by(self, scope: Scope, cut: Sequence[Bucket], now: Instant, by: str) -> Trends:
        """The same for each value of a dimension, or of what else can be grouped by."""
        return await self.database.read(lambda conn: find_trends_by(conn, queries.sized(conn, scope), cut, now, by))

    async def lateness(self, organization: str, period: Period, filters: DeliveryFilters) -> Sequence[ChannelFigures]:
        """How late the notices that fired in a period were taken, by channel; of the filters those that name a time or
        a state count for nothing."""
        return await find_lateness(self.database, organization, period, filters)

    async def weeks(self, scope: Scope, period: Period, now: Instant) -> Weeks:
        window = OutcomeWindow(period.start, period.end, now)
        return await self.database.read(lambda conn: find_weeks(conn, queries.sized(conn, scope), period, window))

    async def breaches(  # noqa: PLR0913 - a page, its place and order, and what it is narrowed to
        self,
        scope: Scope,
        period: Period,
        now: Instant,
        *,
        limit: int,
        offset: int = 0,
        after: Place | None = None,
        sort: str | None = None,
        group_by: str | None = None,
        excused: bool = False,
    ) -> Breaches:
        """Breaches of the period that count, or those that are excused, newest due instant first unless `sort` says
        otherwise, behind the place `after` where one is given.

        Raises InvalidValue for a sort or a place that is not of this list.
        """
        window = OutcomeWindow(period.start, period.end, now)
        traits, which = (TRAITS.policy_id, TARGETS.team_id), queries.broken(excused)

        def work(conn: sa.Connection) -> Breaches:
            these = queries.sized(conn, scope)
            listed = BreachList(these, window, excused)
            page, last = listed.find(conn, ListPart(limit, offset, after, sort))
            grouped = listed.rows(*traits, queries.NUMBER, table=WITH_TRAITS)
            not_counted = queries.breached(these, window, queries.NUMBER, table=instance_targets, excused=True)
            rows = conn.execute(grouped.group_by(*traits)).all()
            dues = conn.scalars(listed.rows(TARGETS.outcome_at, table=instance_targets)).all()
            names = _names(conn, scope, rows)
            return Breaches(
                page=page,
                last=last,
                total=len(dues),
                excused=conn.scalar(not_counted) or 0,
                moments=clusters(period.timezone, map(instant, dues)),
                by_team=_most_first((row.team_id, row.number) for row in rows),
                by_policy=_most_first((row.policy_id or None, row.number) for row in rows),
                names=names,
                groups=None if group_by is None else find_groups_by(conn, these, window, group_by, which),
            )

        return await self.database.read(work)


def _figures(conn: sa.Connection, scope: Scope, window: OutcomeWindow) -> Figures:
    counted = _count(conn, scope, window)
    stopped = [one for one in counted if one.stopped]
    types = {one.group.type for one in stopped}
    of_types = {type_: [one for one in stopped if one.group.type == type_] for type_ in sorted(types)}
    return Figures(
        [one.group for one in counted],
        sum(one.instances for one in counted) if scope.is_of_instances else conn.scalar(queries.touched(scope, window)),
        _times(conn, scope, window, of_types),
        _paused_share(stopped),
    )


@dataclass(frozen=True, slots=True)
class _GroupCount:
    """Clocks with the same traits and outcome, the number of those that count and have stopped, and their averages."""

    group: Group
    instances: int
    stopped: int
    averages: Mapping[str, float]


def find_groups(conn: sa.Connection, scope: Scope, window: OutcomeWindow) -> Sequence[Group]:
    """The number of clocks by traits and outcome."""
    return [one.group for one in _count(conn, scope, window)]


def _count(conn: sa.Connection, scope: Scope, window: OutcomeWindow) -> Sequence[_GroupCount]:
    traits = {row.id: row for row in conn.execute(queries.traits(scope))}
    rows = list(conn.execute(queries.counts(scope, window)))
    if any(row.later for row in rows):
        others = [row for row in rows if row.outcome != BREACHED]
        rows = [*others, *conn.execute(queries.counts(scope, window, some_stop_later=True))]
    return [_counted(traits[row.traits], row) for row in rows]


def _counted(traits: Any, row: Any) -> _GroupCount:
    tally = Tally(**{row.outcome: row.number})
    group = Group(traits.type, traits.priority or None, traits.policy_id or None, traits.team_id or None, tally)
    stopped = row.stopped if tally.counted else 0
    averages = {name: float(getattr(row, name)) for name in queries.LENGTHS} if stopped else {}
    return _GroupCount(group, row.instances, stopped, averages)


def _average(counted: Sequence[_GroupCount], length: str) -> float:
    return sum(one.stopped * one.averages[length] for one in counted) / sum(one.stopped for one in counted)


def _times(
    conn: sa.Connection, scope: Scope, window: OutcomeWindow, of_types: Mapping[str, Sequence[_GroupCount]]
) -> Mapping[str, Times]:
    numbers = {type_: sum(one.stopped for one in counted) for type_, counted in of_types.items()}
    is_few = 0 < sum(numbers.values()) <= FEW
    rows = conn.execute(queries.lengths(scope, window)) if is_few else ()
    gathered = {row.type: _both_sorted(row.worked, row.lasted) for row in rows}

    def spread_of(type_: str, length: str) -> Spread:
        if type_ in gathered:
            ranked = gathered[type_][length]
        else:
            ranked = _counted_along(conn, scope, window, type_, length, numbers[type_])
        return spread(_average(of_types[type_], length), ranked, numbers[type_])

    return {type_: Times(numbers[type_], spread_of(type_, "worked"), spread_of(type_, "lasted")) for type_ in of_types}


def _both_sorted(worked: Sequence[int], lasted: Sequence[int]) -> Mapping[str, Mapping[int, int]]:
    of_work = _sorted(worked)
    # Around the clock and without pauses the two are the same.
    return {"worked": of_work, "lasted": of_work if lasted == worked else _sorted(lasted)}


def _sorted(values: Sequence[int]) -> Mapping[int, int]:
    """The lengths between which the percentiles lie, by their ranks."""
    in_order = sorted(values)
    lows = [rank_below(len(values), share) for share in (MEDIAN, P90)]
    return {rank: in_order[rank - 1] for low in lows for rank in (low, low + 1) if rank <= len(values)}


def _counted_along(
    conn: sa.Connection, scope: Scope, window: OutcomeWindow, type_: str, length: str, number: int
) -> Mapping[int, int]:
    """The same as `_sorted`, but only the few lengths are read, not all of them."""
    is_whole = not scope.tickets and conn.scalar(queries.outside(scope, type_)) is None
    ranked: dict[int, int] = {}
    for share in (MEDIAN, P90):
        place = rank_below(number, share)
        rank = queries.Rank(type_, length, place, number, is_whole)
        ranked |= dict(enumerate(reversed(conn.scalars(queries.at_rank(scope, window, rank)).all()), start=place))
    return ranked


def _paused_share(stopped: Sequence[_GroupCount]) -> float | None:
    lasted = sum(one.stopped * one.averages["lasted"] for one in stopped)
    return sum(one.stopped * one.averages["paused"] for one in stopped) / lasted if lasted else None


def _names(conn: sa.Connection, scope: Scope, rows: Iterable[Any]) -> Names:
    found = [(row.policy_id, row.team_id) for row in rows]
    own_policies = sa.and_(own(policies, scope.organization), policies.c.id.in_({id_ for id_, _ in found}))
    own_teams = sa.and_(own(teams, scope.organization), teams.c.id.in_({id_ for _, id_ in found}))
    docs = conn.execute(sa.select(policies.c.id, policies.c.doc).where(own_policies))
    names = conn.execute(sa.select(teams.c.id, teams.c.name).where(own_teams))
    return Names({row.id: row.doc["name"] for row in docs}, {row.id: row.name for row in names})


def _most_first(counts: Iterable[tuple[str | None, int]]) -> Sequence[tuple[str | None, int]]:
    summed: dict[str | None, int] = {}
    for value, count in counts:
        summed[value] = summed.get(value, 0) + count
    return sorted(summed.items(), key=lambda pair: (-pair[1], pair[0] is None, pair[0] or ""))
