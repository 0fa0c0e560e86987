"""The clocks of a period counted by what they have in common, with their lengths or the sums of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import add
from typing import Any

import sqlalchemy as sa

from domain.analytics.figures import Group
from domain.analytics.rates import Tally
from store.analytics import queries
from store.analytics.queries import OutcomeWindow, Scope
from store.instances.writing.outcomes import BREACHED


@dataclass(frozen=True, slots=True)
class GroupCount:
    """Clocks with the same traits and outcome, the number of those that count and have stopped, and the sums of their
    lengths; `lengths` has these one by one, if they were asked for."""

    group: Group
    instances: int
    stopped: int
    sums: Mapping[str, float] = field(default_factory=dict)
    lengths: Mapping[str, Sequence[int]] = field(default_factory=dict)


def find_traits(conn: sa.Connection, scope: Scope) -> Mapping[int, Any]:
    """What the clocks of the scope may have in common, by number."""
    return {row.id: row for row in conn.execute(queries.traits(scope))}


def find_counts(
    conn: sa.Connection,
    scope: Scope,
    window: OutcomeWindow,
    traits: Mapping[int, Any],
    *,
    with_lengths: bool = False,
) -> Sequence[GroupCount]:
    rows = list(conn.execute(queries.counts(scope, window, with_lengths=with_lengths)))
    if any(row.later for row in rows):
        others = [row for row in rows if row.outcome != BREACHED]
        again = queries.counts(scope, window, some_stop_later=True, with_lengths=with_lengths)
        rows = [*others, *conn.execute(again)]
    return [_counted(traits[row.traits], row, with_lengths) for row in rows]


def _counted(traits: Any, row: Any, with_lengths: bool) -> GroupCount:
    tally = Tally(**{row.outcome: row.number})
    group = Group(traits.type, traits.priority or None, traits.policy_id or None, traits.team_id or None, tally)
    if not row.stopped or not tally.counted:
        return GroupCount(group, row.instances, 0)
    if not with_lengths:
        return GroupCount(group, row.instances, row.stopped, {name: getattr(row, name) for name in queries.LENGTHS})
    worked, longer = (_of_stopped(lengths, row) for lengths in (row.worked, row.longer))
    # Around the clock and without pauses the two are the same.
    lasted = list(map(add, worked, longer)) if any(longer) else worked
    sums = {"worked": sum(worked), "lasted": sum(lasted), "paused": row.paused}
    return GroupCount(group, row.instances, row.stopped, sums, {"worked": worked, "lasted": lasted})


def _of_stopped(lengths: Sequence[int | None], row: Any) -> Sequence[int]:
    if row.stopped == row.number:
        return lengths  # type: ignore[return-value]  # each has one
    return [length for length in lengths if length is not None]
