"""The one walk over local dates: from instants to what the wall clocks of a zone show, and back."""

from __future__ import annotations

from collections.abc import Iterator

from domain.calendar.local_time.intervals import WHOLE_DAY, Interval, WallTime
from domain.calendar.local_time.zones import offset_spans
from domain.instants import DAY, Instant

LocalDay = tuple[int, int, WallTime]
"""A local date, or a part of it between two clock changes: `(number, midnight, shown)`.

`number` counts the dates from 1970-01-01. `shown` is the wall time that the clocks show in that part. `midnight` is the
instant at which they would show 00:00 if they were not changed on that date: `midnight + wall` is the instant of a wall
time in `shown`. A plain tuple, for compiling a calendar makes fourteen of them a fortnight.
"""


def local_days(zone: str, start: int, end: int) -> Iterator[LocalDay]:
    """The local dates of the instants `[start, end)`, in the order in which they are lived.

    In Berlin 2026-03-29 comes in two parts, `[00:00, 02:00)` and `[03:00, 24:00)`, for its clocks are put forward at
    02:00. What lies before 1970 or after 2100 is left out.
    """
    for span in offset_spans(zone, start, end):
        yield from days_shown(*span)


def lived(window: WallTime, midnight: int, shown: WallTime) -> Interval[Instant] | None:
    """The instants at which the clocks show the window in a part of a date; None where the part shows nothing of it."""
    part = window.clip(*shown)
    return None if part is None else Interval(Instant(midnight + part.start), Instant(midnight + part.end))


def days_shown(start: int, end: int, offset: int = 0) -> list[LocalDay]:
    """The dates that clocks show in `[start, end)` if they keep that offset from UTC, in microseconds.

    None where `end` does not lie after `start`: by the wall clock that happens where clocks are put back in between.
    """
    if end <= start:
        return []
    first, last = (start + offset) // DAY, (end + offset - 1) // DAY
    begins, ends = first * DAY - offset, last * DAY - offset
    if first == last:
        return [(first, begins, _shown(start - begins, end - begins))]
    whole = [(number, number * DAY - offset, WHOLE_DAY) for number in range(first + 1, last)]
    return [(first, begins, _shown(start - begins, DAY)), *whole, (last, ends, _shown(0, end - ends))]


def _shown(start: int, end: int) -> WallTime:
    """A date that is whole is known by its identity, which is quicker to ask for than equality."""
    return WHOLE_DAY if end - start == DAY else Interval(start, end)
