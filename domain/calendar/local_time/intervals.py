"""Intervals of time and their arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from domain.instants import DAY

T = TypeVar("T", bound=int)


class Interval(NamedTuple, Generic[T]):
    """Half-open `[start, end)` in microseconds, `start` before `end`.

    Either between two instants, or in the wall time of one date, since its local midnight. It is a tuple because
    calendars compare, sort and cut a great many of them.
    """

    start: T
    end: T

    @property
    def length(self) -> int:
        return self.end - self.start

    def clip(self, start: T, end: T) -> Interval[T] | None:
        """The part of it within `[start, end)`; None where the two have nothing in common."""
        begins, ends = max(self.start, start), min(self.end, end)
        return Interval(begins, ends) if begins < ends else None


WallTime = Interval[int]
"""A part of a local date, in microseconds since its midnight: `[0, 24 h)` at most."""

WHOLE_DAY: WallTime = Interval(0, DAY)


def clipped(intervals: Iterable[Interval[T]], within: Interval[T]) -> tuple[Interval[T], ...]:
    """The parts of the intervals that lie in `within`."""
    first, last = within
    parts: list[Interval[T]] = []
    for one in intervals:
        start, end = one
        if first <= start and end <= last:
            parts.append(one)
        elif start < last and first < end:
            parts.append(Interval(max(start, first), min(end, last)))
    return tuple(parts)


def merged(intervals: Iterable[Interval[T]]) -> tuple[Interval[T], ...]:
    """Their union: sorted, disjoint and not touching."""
    union: list[Interval[T]] = []
    for one in sorted(intervals):
        if union and one.start <= union[-1].end:
            if one.end > union[-1].end:
                union[-1] = Interval(union[-1].start, one.end)
        else:
            union.append(one)
    return tuple(union)


def common(one: tuple[Interval[T], ...], other: tuple[Interval[T], ...]) -> tuple[Interval[T], ...]:
    """What two sets of sorted, disjoint intervals have in common."""
    found: list[Interval[T]] = []
    here = there = 0
    while here < len(one) and there < len(other):
        start, end = max(one[here].start, other[there].start), min(one[here].end, other[there].end)
        if start < end:
            found.append(Interval(start, end))
        if one[here].end == end:
            here += 1
        else:
            there += 1
    return tuple(found)


def without(intervals: Iterable[Interval[T]], closed: Iterable[Interval[T]]) -> tuple[Interval[T], ...]:
    """What is left of the intervals outside the closed ones."""
    left = tuple(intervals)
    for shut, reopens in closed:
        pieces = (piece for start, end in left for piece in ((start, min(end, shut)), (max(start, reopens), end)))
        left = tuple(Interval(start, end) for start, end in pieces if start < end)
    return left
