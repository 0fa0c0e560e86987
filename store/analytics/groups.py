"""How the clocks of a period ended, by a field of their tickets as they are now, and by the hour of the week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.analytics.buckets import Bucket
from domain.analytics.rates import Tally
from domain.instants import Instant
from store.analytics import queries
from store.analytics.queries import INSTANCES, TARGETS, TRAITS, OutcomeWindow, Scope
from store.database.urls import SQLITE
from store.instances.writing.outcomes import BREACHED, EXCUSED, MET
from store.schema.tables import instance_dimensions, instance_targets, instances
from store.schema.tenancy import own

ASSIGNEE = "assignee"
_TRAITS: Mapping[str, tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]] = {
    "policy_id": (TRAITS.policy_id, TRAITS.policy_id),
    "priority": (TRAITS.priority_key, TRAITS.priority),
    "team_id": (TRAITS.team_id, TRAITS.team_id),
    "type": (TRAITS.type, TRAITS.type),
}
GROUPABLE = (ASSIGNEE, *_TRAITS)
"""What can be grouped by without being declared."""
MOST_GROUPS = 100
MOST_TRENDS = 20
_VALUES = instance_dimensions.c


@dataclass(frozen=True, slots=True)
class Groups:
    """The tallies by one field: at most a hundred of the `total` values, most counted clocks first. None stands for
    tickets without a value."""

    by: str
    total: int
    tallies: Sequence[tuple[str | None, Tally]]


COUNTED = TARGETS.outcome.in_((MET, BREACHED, EXCUSED))
"""What groups of a summary count."""


def find_groups_by(
    conn: sa.Connection, scope: Scope, window: OutcomeWindow, by: str, which: sa.ColumnElement[bool] = COUNTED
) -> Groups:
    """The tallies of the clocks of which `which` is true."""
    found: dict[str | None, tuple[str | None, Tally]] = {}
    for row in conn.execute(statement(scope, window, by, which)):
        shown, tally = found.get(row.value, (row.shown, Tally()))
        found[row.value] = shown, tally + Tally(**{row.outcome: row.number})
    groups = sorted(
        found.values(), key=lambda pair: (-pair[1].counted - pair[1].excused, pair[0] is None, pair[0] or "")
    )
    return Groups(by, len(groups), groups[:MOST_GROUPS])


@dataclass(frozen=True, slots=True)
class Trends:
    """The tallies of every bucket by one field: at most twenty of the `total` values, most counted clocks first."""

    by: str
    total: int
    tallies: Sequence[tuple[str | None, Sequence[Tally]]]


def find_trends_by(conn: sa.Connection, scope: Scope, cut: Sequence[Bucket], now: Instant, by: str) -> Trends:
    """`cut` may have buckets that lie ahead."""
    found: dict[str | None, tuple[str | None, list[Tally]]] = {}
    begun = [bucket for bucket in cut if bucket.start <= now]
    for row in conn.execute(_in_buckets(conn, scope, begun, now, by)) if begun else ():
        shown, tallies = found.get(row.value) or (row.shown, [Tally() for _ in cut])
        tallies[row.bucket] += Tally(**{row.outcome: row.number})
        # Of several spellings one is shown, whichever bucket comes first.
        found[row.value] = row.shown if shown is None else min(shown, row.shown), tallies
    groups = sorted(found.values(), key=lambda pair: (-_size(pair[1]), pair[0] is None, pair[0] or ""))
    return Trends(by, len(groups), groups[:MOST_TRENDS])


def _size(tallies: Sequence[Tally]) -> int:
    return sum(tally.counted + tally.excused for tally in tallies)


def _in_buckets(conn: sa.Connection, scope: Scope, begun: Sequence[Bucket], now: Instant, by: str) -> sa.Select[Any]:
    cuts = queries.cuts_of(begun, now)
    within = sa.and_(scope.where, COUNTED, scope.ended >= cuts.c.start, scope.ended < cuts.c.end)
    value, shown, table = _grouped(by)
    columns = (value.label("value"), shown.label("shown"), TARGETS.outcome, queries.NUMBER)
    if conn.dialect.name == SQLITE:
        joined = cuts.join(table, within)
        return sa.select(cuts.c.bucket, *columns).select_from(joined).group_by(cuts.c.bucket, value, TARGETS.outcome)
    # With a plain join PostgreSQL reads all rows for each bucket.
    own_bucket = sa.select(*columns).select_from(table).where(within).group_by(value, TARGETS.outcome)
    each = own_bucket.correlate(cuts).lateral("each")
    return sa.select(cuts.c.bucket, each).select_from(cuts.join(each, sa.true()))


def statement(scope: Scope, window: OutcomeWindow, by: str, which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    these = sa.and_(scope.where, window.holds(scope.ended), which)
    value, shown, table = _grouped(by)
    columns = (value.label("value"), shown.label("shown"), TARGETS.outcome, queries.NUMBER)
    return sa.select(*columns).select_from(table).where(these).group_by(value, TARGETS.outcome)


def _grouped(by: str) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any], sa.FromClause]:
    """The value by which clocks are grouped, how it is shown, and the tables in which both are."""
    if by == ASSIGNEE:
        joined = instance_targets.join(instances, own(instances, TARGETS.organization, id=TARGETS.instance_id))
        return INSTANCES.assignee, INSTANCES.assignee, joined
    if by in _TRAITS:
        value, shown = _TRAITS[by]
        # An empty text is none.
        return value, sa.func.nullif(sa.func.min(shown), ""), queries.WITH_TRAITS
    same = own(instance_dimensions, TARGETS.organization, instance_id=TARGETS.instance_id, dimension=by)
    return _VALUES.value, sa.func.min(_VALUES.shown), instance_targets.outerjoin(instance_dimensions, same)
