"""What became of the promises of a period: counted in the database, on one state of it."""

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
from domain.analytics.spreads import spread
from domain.instants import Instant
from store import analytics_queries as queries
from store.analytics_queries import INSTANCES, TARGETS, Scope, Window
from store.breaches import Breach, find_breaches
from store.database import Database
from store.tables import policies, teams
from store.types import instant


@dataclass(frozen=True, slots=True)
class Names:
    """Of policies and teams by their ids, archived and deleted ones included; what nobody named here has none."""

    policies: Mapping[str, str]
    teams: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Summary:
    current: Figures
    previous: Figures
    names: Names


@dataclass(frozen=True, slots=True)
class Breaches:
    """A page of `total`; the clusters are of all of them, each with its number, most first."""

    page: Sequence[Breach]
    total: int
    moments: Clusters
    by_team: Sequence[tuple[str | None, int]]
    by_policy: Sequence[tuple[str | None, int]]
    names: Names


@dataclass(frozen=True, slots=True)
class Analytics:
    """`now` decides what has happened: a due that lies ahead has not passed."""

    database: Database

    async def summary(self, scope: Scope, period: Period, now: Instant) -> Summary:
        before = period.before()

        def work(conn: sa.Connection) -> Summary:
            current = _figures(conn, scope, Window(period.start, period.end, now))
            previous = _figures(conn, scope, Window(before.start, before.end, now))
            return Summary(current, previous, _names(conn, scope, current.groups))

        return await self.database.read(work)

    async def trend(self, scope: Scope, cut: Sequence[Bucket], now: Instant) -> Sequence[Tally]:
        """One for each bucket, the empty ones included."""
        counts = [Tally() for _ in cut]
        begun = [bucket for bucket in cut if bucket.start <= now]
        if begun:
            counted = queries.bucket_counts(scope, begun, now)
            for row in await self.database.read(lambda conn: conn.execute(counted).all()):
                counts[row.bucket] = Tally(row.met, row.breached)
        return counts

    async def breaches(self, scope: Scope, period: Period, now: Instant, *, limit: int, offset: int) -> Breaches:
        """Newest due first."""
        window = Window(period.start, period.end, now)
        traits = (INSTANCES.policy_id, TARGETS.team_id)
        grouped = queries.breached(scope, window, *traits, queries.NUMBER).group_by(*traits)

        def work(conn: sa.Connection) -> Breaches:
            rows = conn.execute(grouped).all()
            dues = (conn.scalars(queries.breached(scope, window, TARGETS.outcome_at, table=scope.table))).all()
            page = find_breaches(conn, scope, window, limit, offset)
            names = _names(conn, scope, rows)
            return Breaches(
                page=page,
                total=len(dues),
                moments=clusters(period.timezone, map(instant, dues)),
                by_team=_most_first((row.team_id, row.number) for row in rows),
                by_policy=_most_first((row.policy_id, row.number) for row in rows),
                names=names,
            )

        return await self.database.read(work)


def _figures(conn: sa.Connection, scope: Scope, window: Window) -> Figures:
    groups = [
        Group(row.type, row.priority, row.policy_id, row.team_id, Tally(**{row.outcome: row.number}))
        for row in conn.execute(queries.groups(scope, window))
    ]
    instances = conn.scalar(queries.touched(scope, window))
    of_types: dict[str, list[Any]] = {}
    for row in conn.execute(queries.times(scope, window)):
        of_types.setdefault(row.type, []).append(row)
    times = {type_: _times(rows) for type_, rows in of_types.items()}
    return Figures(groups, instances or 0, times, _paused_share([rows[0] for rows in of_types.values()]))


def _times(rows: Sequence[Any]) -> Times:
    one = rows[0]
    worked = {row.worked_rank: row.worked for row in rows}
    lasted = {row.lasted_rank: row.lasted for row in rows}
    return Times(
        one.number,
        spread(float(one.worked_on_average), worked, one.number),
        spread(float(one.lasted_on_average), lasted, one.number),
    )


def _paused_share(rows: Sequence[Any]) -> float | None:
    lasted = sum(row.number * float(row.lasted_on_average) for row in rows)
    return sum(row.number * float(row.paused_on_average) for row in rows) / lasted if lasted else None


def _names(conn: sa.Connection, scope: Scope, rows: Iterable[Any]) -> Names:
    found = [(row.policy_id, row.team_id) for row in rows]
    own_policies = sa.and_(policies.c.organization == scope.organization, policies.c.id.in_({id_ for id_, _ in found}))
    own_teams = sa.and_(teams.c.organization == scope.organization, teams.c.id.in_({id_ for _, id_ in found}))
    docs = conn.execute(sa.select(policies.c.id, policies.c.doc).where(own_policies))
    names = conn.execute(sa.select(teams.c.id, teams.c.name).where(own_teams))
    return Names({row.id: row.doc["name"] for row in docs}, {row.id: row.name for row in names})


def _most_first(counts: Iterable[tuple[str | None, int]]) -> Sequence[tuple[str | None, int]]:
    summed: dict[str | None, int] = {}
    for value, count in counts:
        summed[value] = summed.get(value, 0) + count
    return sorted(summed.items(), key=lambda pair: (-pair[1], pair[0] is None, pair[0] or ""))
