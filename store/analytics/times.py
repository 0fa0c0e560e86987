"""How long clocks took: averages, and percentiles that are exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import sqlalchemy as sa

from domain.analytics.figures import Times
from domain.analytics.spreads import MEDIAN, P90, Spread, rank_below, spread
from store.analytics import queries
from store.analytics.counts import GroupCount
from store.analytics.queries import OutcomeWindow, Scope

_Ranked = Mapping[int, int]
_Lengths = Mapping[str, Sequence[int]]


def find_times(
    conn: sa.Connection, scope: Scope, window: OutcomeWindow, counted: Sequence[GroupCount], few: int
) -> Mapping[str, Times]:
    """By type. Lengths that were not read with the counts are read if they are at most `few`, and counted along an
    index else."""
    stopped = [one for one in counted if one.stopped]
    types = {one.group.type for one in stopped}
    of_types = {type_: [one for one in stopped if one.group.type == type_] for type_ in sorted(types)}
    numbers = {type_: sum(one.stopped for one in of_type) for type_, of_type in of_types.items()}
    gathered = _gathered(of_types) if any(one.lengths for one in stopped) else {}
    if not gathered and 0 < sum(numbers.values()) <= few:
        rows = conn.execute(queries.lengths(scope, window))
        gathered = {row.type: {"worked": row.worked, "lasted": row.lasted} for row in rows}
    ranks = {type_: _both_sorted(lengths) for type_, lengths in gathered.items()}

    def spread_of(type_: str, length: str) -> Spread:
        number = numbers[type_]
        average = sum(one.sums[length] for one in of_types[type_]) / number
        if type_ in ranks:
            return spread(average, ranks[type_][length], number)
        return spread(average, _counted_along(conn, scope, window, type_, length, number), number)

    return {type_: Times(numbers[type_], spread_of(type_, "worked"), spread_of(type_, "lasted")) for type_ in of_types}


def paused_share(counted: Sequence[GroupCount]) -> float | None:
    lasted, paused = (sum(one.sums[name] for one in counted if one.stopped) for name in ("lasted", "paused"))
    return paused / lasted if lasted else None


def _gathered(of_types: Mapping[str, Sequence[GroupCount]]) -> Mapping[str, _Lengths]:
    return {
        type_: {name: _all_of(of_type, name) for name in ("worked", "lasted")} for type_, of_type in of_types.items()
    }


def _all_of(counted: Sequence[GroupCount], name: str) -> Sequence[int]:
    return list(chain.from_iterable(one.lengths[name] for one in counted))


def _both_sorted(lengths: _Lengths) -> Mapping[str, _Ranked]:
    worked, lasted = lengths["worked"], lengths["lasted"]
    of_work = _sorted(worked)
    # Around the clock and without pauses the two are the same.
    return {"worked": of_work, "lasted": of_work if lasted == worked else _sorted(lasted)}


def _sorted(values: Sequence[int]) -> _Ranked:
    """The lengths between which the percentiles lie, by their ranks."""
    in_order = sorted(values)
    lows = [rank_below(len(values), share) for share in (MEDIAN, P90)]
    return {rank: in_order[rank - 1] for low in lows for rank in (low, low + 1) if rank <= len(values)}


def _counted_along(
    conn: sa.Connection, scope: Scope, window: OutcomeWindow, type_: str, length: str, number: int
) -> _Ranked:
    """The same as `_sorted`, but only the few lengths are read, not all of them."""
    is_whole = not scope.tickets and conn.scalar(queries.outside(scope, type_)) is None
    ranked: dict[int, int] = {}
    for share in (MEDIAN, P90):
        place = rank_below(number, share)
        rank = queries.Rank(type_, length, place, number, is_whole)
        ranked |= dict(enumerate(reversed(conn.scalars(queries.at_rank(scope, window, rank)).all()), start=place))
    return ranked
