"""The downtime of a month: when its tickets were ongoing incidents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from domain.instants import Micros
from domain.policy.clocks.clocks import Span
from domain.scrubbe.ticket_statuses import ONGOING, StatusChange
from domain.scrubbe.uptime import Month, downtime, outages
from domain.ticket.excuses import Covers
from store.database.types import moment
from store.instances.tickets import INSTANCE_ID, RESOLVE
from store.schema.tables import instance_targets, tickets
from store.schema.tenancy import own


@dataclass(frozen=True, slots=True)
class Downtime:
    """Downtime in microseconds by the tickets' present priority: that which counts, and that of tickets whose whole
    resolution is excused. A priority without such a ticket is absent."""

    counted: Mapping[str, Micros]
    excused: Mapping[str, Micros]


def read_downtime(conn: sa.Connection, organization: str, month: Month) -> Downtime:
    spans: dict[bool, dict[str, list[Span]]] = {False: {}, True: {}}
    for priority, is_excused, outage in _outages(conn, organization, month):
        spans[is_excused].setdefault(priority, []).append(outage)
    counted, excused = (
        {priority: downtime(found, month.start, month.now) for priority, found in spans[is_excused].items()}
        for is_excused in (False, True)
    )
    return Downtime(counted, excused)


def _outages(conn: sa.Connection, organization: str, month: Month) -> Iterator[tuple[str, bool, Span]]:
    table = tickets
    # A ticket that is over and has not changed since the month began was ongoing before the month, if at all.
    going_on = table.c.status.in_([status.value for status in sorted(ONGOING)])
    touching = sa.or_(going_on, table.c.updated_at >= moment(month.start))
    these = sa.select(table.c.priority, table.c.history, _is_excused().label("is_excused"))
    for row in conn.execute(these.where(own(table, organization), touching)):
        history = map(StatusChange.from_json, row.history)
        for outage in outages((turn.at, turn.status in ONGOING) for turn in history):
            yield row.priority, bool(row.is_excused), outage


def _is_excused() -> sa.ColumnElement[bool]:
    """Whether the whole result of the ticket's resolution is excused; that of a breach leaves its outage as it was."""
    clock = own(instance_targets, tickets.c.organization, instance_id=INSTANCE_ID, type=RESOLVE)
    # An expression, because SQLite would otherwise go along the index of excused clocks, once for each ticket.
    covered = sa.func.coalesce(instance_targets.c.excused, "")
    return sa.exists().where(clock, covered == Covers.RESULT.value).correlate(tickets)
