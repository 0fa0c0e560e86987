"""How the promises of the API v1 were kept, read from one state of the database: the figures of Scrubbe's analytics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from domain.analytics.figures import Group
from domain.analytics.periods import Period
from domain.ids import Kind
from domain.instants import Micros
from domain.policy.policies import Policy
from domain.scrubbe.uptime import Month
from domain.ticket.origins import Origin
from store.analytics import queries
from store.analytics.queries import OutcomeWindow, Scope
from store.analytics.summaries import find_groups
from store.analytics.uptime import Downtime, read_downtime
from store.database.connections import Database
from store.rules.policies import live_policies


@dataclass(frozen=True, slots=True)
class Average:
    """The average working time, in microseconds, of `number` stopped clocks of one type under one policy."""

    type: str
    policy_id: str | None
    number: int
    worked: float


@dataclass(frozen=True, slots=True)
class ComplianceFigures:
    """How the clocks of a period ended (those of deleted policies too), the live policies, and the month's downtime.

    `downtime` is by priority, in microseconds.
    """

    groups: Sequence[Group]
    averages: Sequence[Average]
    policies: Sequence[Policy]
    downtime: Downtime

    def downtime_of(self, priority: str) -> Micros:
        return self.downtime.counted.get(priority, Micros(0))

    def excused_downtime_of(self, priority: str) -> Micros:
        return self.downtime.excused.get(priority, Micros(0))


@dataclass(frozen=True, slots=True)
class Compliance:
    database: Database

    async def figures(self, organization: str, period: Period, month: Month) -> ComplianceFigures:
        """The figures of the period and the month. Only what has happened by `month.now` counts."""
        scope = Scope(organization, Kind.SLA, origin=Origin.V1)
        window = OutcomeWindow(period.start, period.end, month.now)

        def work(conn: sa.Connection) -> ComplianceFigures:
            live = live_policies(conn, organization)
            return ComplianceFigures(
                find_groups(conn, scope, window),
                _averages(conn, scope, window),
                [policy for policy in live if policy.origin is Origin.V1],
                read_downtime(conn, organization, month),
            )

        return await self.database.read(work)


def _averages(conn: sa.Connection, scope: Scope, window: OutcomeWindow) -> Sequence[Average]:
    return [
        Average(row.type, row.policy_id or None, row.number, float(row.worked))
        for row in conn.execute(queries.averages(scope, window))
    ]
