"""What happened in each hour of the week. The database counts by hours of UTC, which are read on the zone's clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from domain.analytics.periods import Period
from domain.analytics.week import QUARTER, Week, unit_of, week_of
from domain.instants import HOUR, SECOND, Micros
from store.analytics import queries
from store.analytics.queries import TARGETS, OutcomeWindow, Scope
from store.database.types import UtcDateTime, instant
from store.database.urls import SQLITE
from store.instances.writing.outcomes import BREACHED, EXCUSED, MET
from store.schema.tables import instance_targets

OUTCOMES_SHOWN = (MET, BREACHED, EXCUSED)


@dataclass(frozen=True, slots=True)
class Weeks:
    """Instances by when they opened, targets by when they were met or broken, or would be if they were not excused."""

    opened: Week
    met: Week
    breached: Week
    excused: Week


def find_weeks(conn: sa.Connection, scope: Scope, period: Period, window: OutcomeWindow) -> Weeks:
    unit = unit_of(period)
    ended, opened = _Began(TARGETS.outcome_at, unit), _Began(queries.INSTANCES.opened_at, unit)
    these = sa.and_(scope.where, window.holds(scope.ended), TARGETS.outcome.in_(OUTCOMES_SHOWN))
    by_outcome = sa.select(TARGETS.outcome, ended.label("at"), queries.NUMBER).select_from(instance_targets)
    rows = conn.execute(by_outcome.where(these).group_by(TARGETS.outcome, "at")).all()
    openings = queries.openings(scope, window, opened.label("at"), queries.NUMBER).group_by("at")
    return Weeks(
        _week(period, conn.execute(openings)),
        *(_week(period, (row for row in rows if row.outcome == one)) for one in OUTCOMES_SHOWN),
    )


def _week(period: Period, rows: Iterable[Any]) -> Week:
    return week_of(period.timezone, ((instant(row.at), row.number) for row in rows))


class _Began(GenericFunction[Any]):
    """The beginning of the unit of time that an instant lies in, counted in UTC."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, at: sa.ColumnElement[Any], unit: Micros) -> None:
        super().__init__(at, sa.literal_column(str(unit // SECOND)))


@compiles(_Began)
def _spelled(element: _Began, compiler: Any, **options: Any) -> str:
    at, seconds = (compiler.process(one, **options) for one in element.clauses)
    return f"date_bin('{seconds} seconds', {at}, TIMESTAMPTZ '1970-01-01 00:00:00+00')"


@compiles(_Began, SQLITE)
def _spelled_for_sqlite(element: _Began, compiler: Any, **options: Any) -> str:
    # Instants are texts there: 2026-03-02 09:00:00.123456.
    at, seconds = (compiler.process(one, **options) for one in element.clauses)
    return {
        HOUR: f"substr({at}, 1, 13) || ':00:00.000000'",
        QUARTER: f"substr({at}, 1, 14) || printf('%02d', substr({at}, 15, 2) / 15 * 15) || ':00.000000'",
        SECOND: f"substr({at}, 1, 19) || '.000000'",
    }[Micros(int(seconds) * SECOND)]
