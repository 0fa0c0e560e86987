"""How late notices reach their receivers, channel by channel, measured in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from domain.analytics.periods import Period
from domain.instants import Micros
from domain.record.deliveries import DeliveryState
from domain.record.records import DELIVERED
from store.database.connections import Database
from store.database.urls import SQLITE
from store.deliveries.entries import ENTRIES, STATE
from store.deliveries.log import DeliveryFilters
from store.schema.tables import deliveries, notices
from store.schema.tenancy import own

SHARES = {"p50": 50, "p95": 95, "p99": 99, "max": 100}
"""Percentiles by nearest rank: each is a lateness that was measured."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """From the instant at which notices fired, and from the one for which they were planned, until they were taken; by
    the names of `SHARES`, empty where nothing was taken."""

    from_fired: Mapping[str, Micros] = field(default_factory=dict)
    from_planned: Mapping[str, Micros] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChannelFigures:
    """`channel` is the kind of a channel; None: of notices that no channel is known for."""

    channel: str | None
    counts: Mapping[DeliveryState, int]
    lateness: Lateness


async def find_lateness(
    database: Database, organization: str, period: Period, filters: DeliveryFilters
) -> Sequence[ChannelFigures]:
    """Of the notices that fired in the period, most deliveries first."""
    within = DeliveryFilters(
        kinds=filters.kinds,
        receivers=filters.receivers,
        types=filters.types,
        policy_ids=filters.policy_ids,
        since=period.start,
        until=period.end,
    )
    these = sa.and_(own(notices, organization), *within.conditions())

    def work(conn: sa.Connection) -> Sequence[ChannelFigures]:
        counts: dict[str | None, dict[DeliveryState, int]] = {}
        for row in conn.execute(_counts(these)):
            counts.setdefault(row.kind, {})[DeliveryState(row.state)] = row.number
        fired, planned = (_measured(conn, these, since) for since in (notices.c.fired_at, notices.c.planned_at))
        found = [
            ChannelFigures(kind, numbers, Lateness(fired.get(kind or "", {}), planned.get(kind or "", {})))
            for kind, numbers in counts.items()
        ]
        return sorted(found, key=lambda one: (-sum(one.counts.values()), one.channel or ""))

    return await database.read(work)


def _counts(these: sa.ColumnElement[bool]) -> sa.Select[Any]:
    kind, number = deliveries.c.kind, sa.func.count().label("number")
    return sa.select(kind, STATE.label("state"), number).select_from(ENTRIES).where(these).group_by(kind, "state")


def _measured(
    conn: sa.Connection, these: sa.ColumnElement[bool], since: sa.ColumnElement[Any]
) -> Mapping[str, Mapping[str, Micros]]:
    """The percentiles of each kind of channel."""
    kind = deliveries.c.kind
    late = _MicrosBetween(since, deliveries.c.at)
    taken = sa.and_(these, deliveries.c.status == DELIVERED, since.is_not(None))
    number = sa.func.count().over(partition_by=kind).label("number")
    rank = sa.func.row_number().over(partition_by=kind, order_by=late).label("rank")
    ranked = sa.select(kind, late.label("late"), rank, number).select_from(ENTRIES).where(taken).subquery()
    ranks = {name: (ranked.c.number * share + 99) // 100 for name, share in SHARES.items()}
    wanted = sa.select(ranked, *(at.label(name) for name, at in ranks.items())).where(
        sa.or_(*(ranked.c.rank == at for at in ranks.values()))
    )
    found: dict[str, dict[str, Micros]] = {}
    for row in conn.execute(wanted):
        of_kind = found.setdefault(row.kind, {})
        # Clocks of two machines may differ by more than a notice takes.
        of_kind |= {name: Micros(max(0, row.late)) for name in SHARES if getattr(row, name) == row.rank}
    return found


class _MicrosBetween(GenericFunction[Any]):
    """Microseconds from one instant to another."""

    type = sa.BigInteger()
    inherit_cache = True

    def __init__(self, start: sa.ColumnElement[Any], end: sa.ColumnElement[Any]) -> None:
        super().__init__(start, end)


@compiles(_MicrosBetween)
def _spelled(element: _MicrosBetween, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(one, **options) for one in element.clauses)
    return f"CAST(EXTRACT(EPOCH FROM ({end} - {start})) * 1000000 AS BIGINT)"


@compiles(_MicrosBetween, SQLITE)
def _spelled_for_sqlite(element: _MicrosBetween, compiler: Any, **options: Any) -> str:
    # Instants are texts there: 2026-03-02 09:00:00.123456.
    start, end = (compiler.process(one, **options) for one in element.clauses)
    return f"({_micros(end)} - {_micros(start)})"


def _micros(at: str) -> str:
    return f"(CAST(strftime('%s', substr({at}, 1, 19)) AS INTEGER) * 1000000 + CAST(substr({at}, 21, 6) AS INTEGER))"
