"""What happened in each hour of the week. The database counts by hours of UTC, which are read on the zone's clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from domain.analytics.periods import Period
from domain.analytics.week import NAMES, Week, unit_of, week_of
from domain.instants import HOUR, MINUTE, SECOND, Micros
from store.analytics import queries
from store.analytics.queries import TARGETS, OutcomeWindow, Scope
from store.database.types import UtcDateTime, instant
from store.database.urls import SQLITE
from store.instances.outcomes import BREACHED, MET
from store.schema.tables import instance_targets

# How an instant is cut off on SQLite, which has it as a text, and what takes the place of the rest.
_CUTS: Mapping[Micros, tuple[int, str]] = {
    HOUR: (13, ":00:00.000000"),
    MINUTE: (16, ":00.000000"),
    SECOND: (19, ".000000"),
}


@dataclass(frozen=True, slots=True)
class Weeks:
    """Instances by when they opened, targets by when they were met or broken."""

    opened: Week
    met: Week
    breached: Week


def find_weeks(conn: sa.Connection, scope: Scope, period: Period, window: OutcomeWindow) -> Weeks:
    unit = unit_of(period)
    ended, opened = _Began(TARGETS.outcome_at, unit), _Began(queries.INSTANCES.opened_at, unit)
    these = sa.and_(scope.where, window.where, TARGETS.outcome.in_((MET, BREACHED)))
    by_outcome = sa.select(TARGETS.outcome, ended.label("at"), queries.NUMBER).select_from(instance_targets)
    rows = conn.execute(by_outcome.where(these).group_by(TARGETS.outcome, "at")).all()
    openings = queries.openings(scope, window, opened.label("at"), queries.NUMBER).group_by("at")
    return Weeks(
        _week(period, conn.execute(openings)),
        *(_week(period, (row for row in rows if row.outcome == one)) for one in (MET, BREACHED)),
    )


def _week(period: Period, rows: Iterable[Any]) -> Week:
    return week_of(period.timezone, ((instant(row.at), row.number) for row in rows))


class _Began(GenericFunction[Any]):
    """The beginning of the hour, the minute or the second of UTC that an instant lies in."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, at: sa.ColumnElement[Any], unit: Micros) -> None:
        super().__init__(at, sa.literal_column(f"'{NAMES[unit]}'"))


@compiles(_Began)
def _spelled(element: _Began, compiler: Any, **options: Any) -> str:
    at, unit = (compiler.process(one, **options) for one in element.clauses)
    return f"date_trunc({unit}, {at}, 'UTC')"


@compiles(_Began, SQLITE)
def _spelled_for_sqlite(element: _Began, compiler: Any, **options: Any) -> str:
    at, unit = (compiler.process(one, **options) for one in element.clauses)
    length, rest = next(_CUTS[size] for size, name in NAMES.items() if unit == f"'{name}'")
    return f"substr({at}, 1, {length}) || '{rest}'"
