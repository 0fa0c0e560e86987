"""How the clocks of a period ended, counted in the database on one state of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.analytics.buckets import Bucket
from domain.analytics.clusters import Clusters, clusters
from domain.analytics.figures import Figures, Group
from domain.analytics.periods import Period
from domain.analytics.rates import Tally
from domain.instants import Instant
from store.analytics import queries
from store.analytics.breaches import BreachList, MeasuredBreach
from store.analytics.counts import find_counts, find_traits
from store.analytics.groups import Groups, Trends, find_groups_by, find_trends_by
from store.analytics.lateness import ChannelFigures, find_lateness
from store.analytics.queries import TARGETS, TRAITS, WITH_TRAITS, OutcomeWindow, Scope
from store.analytics.times import find_times, paused_share
from store.analytics.weeks import Weeks, find_weeks
from store.database.connections import Database
from store.database.types import instant
from store.deliveries.log import DeliveryFilters
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
            traits = find_traits(conn, these)
            # Of the two periods the second is taken for as large as the first.
            few = these.few or conn.scalar(queries.are_more(these, window, FEW)) is None
            current = _figures(conn, these, window, traits, few)
            previous = _figures(conn, these, OutcomeWindow(before.start, before.end, now), traits, few)
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


def _figures(conn: sa.Connection, scope: Scope, window: OutcomeWindow, traits: Mapping[int, Any], few: bool) -> Figures:
    counted = find_counts(conn, scope, window, traits, with_lengths=few)
    return Figures(
        [one.group for one in counted],
        sum(one.instances for one in counted) if scope.is_of_instances else conn.scalar(queries.touched(scope, window)),
        find_times(conn, scope, window, counted, FEW),
        paused_share(counted),
    )


def find_groups(conn: sa.Connection, scope: Scope, window: OutcomeWindow) -> Sequence[Group]:
    """The number of clocks by traits and outcome."""
    return [one.group for one in find_counts(conn, scope, window, find_traits(conn, scope))]


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
