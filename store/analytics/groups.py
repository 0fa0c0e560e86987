"""How the clocks of a period ended, by a field of their tickets as they are now, and by the hour of the week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.analytics.rates import Tally
from store.analytics import queries
from store.analytics.queries import INSTANCES, TARGETS, OutcomeWindow, Scope
from store.instances.writing.outcomes import BREACHED, EXCUSED, MET
from store.schema.tables import instance_dimensions, instance_targets, instances
from store.schema.tenancy import own

ASSIGNEE = "assignee"
"""What can be grouped by without being declared."""
MOST_GROUPS = 100
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


def statement(scope: Scope, window: OutcomeWindow, by: str, which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    these = sa.and_(scope.where, window.holds(scope.ended), which)
    value: sa.ColumnElement[Any]
    shown: sa.ColumnElement[Any]
    if by == ASSIGNEE:
        value, shown = INSTANCES.assignee, INSTANCES.assignee
        table = instance_targets.join(instances, own(instances, TARGETS.organization, id=TARGETS.instance_id))
    else:
        value, shown = _VALUES.value, sa.func.min(_VALUES.shown)
        same = own(instance_dimensions, TARGETS.organization, instance_id=TARGETS.instance_id, dimension=by)
        table = instance_targets.outerjoin(instance_dimensions, same)
    columns = (value.label("value"), shown.label("shown"), TARGETS.outcome, queries.NUMBER)
    return sa.select(*columns).select_from(table).where(these).group_by(value, TARGETS.outcome)
