"""The downtime of a month: when its tickets were ongoing incidents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from domain.instants import Micros
from domain.policy.clocks import Span
from domain.scrubbe.ticket_statuses import ONGOING, StatusChange
from domain.scrubbe.uptime import Month, downtime, outages
from store.database.types import moment
from store.schema.tables import tickets
from store.schema.tenancy import own


def read_downtime(conn: sa.Connection, organization: str, month: Month) -> Mapping[str, Micros]:
    """Downtime in microseconds by the tickets' present priority. A priority without a ticket that counts is absent."""
    spans: dict[str, list[Span]] = {}
    for priority, outage in _outages(conn, organization, month):
        spans.setdefault(priority, []).append(outage)
    return {priority: downtime(found, month.start, month.now) for priority, found in spans.items()}


def _outages(conn: sa.Connection, organization: str, month: Month) -> Iterator[tuple[str, Span]]:
    table = tickets
    # A ticket that is over and has not changed since the month began was ongoing before the month, if at all.
    going_on = table.c.status.in_([status.value for status in sorted(ONGOING)])
    touching = sa.or_(going_on, table.c.updated_at >= moment(month.start))
    these = sa.select(table.c.priority, table.c.history).where(own(table, organization), touching)
    for row in conn.execute(these):
        history = map(StatusChange.from_json, row.history)
        for outage in outages((turn.at, turn.status in ONGOING) for turn in history):
            yield row.priority, outage
