"""A calendar on one date: when it is open, by the wall clock and in UTC, and why it is closed otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from domain.calendar.local_time.intervals import Interval, WallTime
from domain.calendar.local_time.local_days import lived, local_days
from domain.calendar.local_time.times import render_time
from domain.calendar.local_time.zones import offset_spans
from domain.calendar.rules.holidays import Holiday
from domain.instants import DAY, Instant, Micros


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """Open in `[start, end)`; the wall clock of the zone shows `opens` at the start and `closes` at the end."""

    opens: str
    closes: str
    start: Instant
    end: Instant


@dataclass(frozen=True, slots=True)
class ClockChange:
    """The clocks of a zone are put forward, where the offset from UTC grows, or back. Offsets are microseconds."""

    at: Instant
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class EffectiveDay:
    """One date of a calendar. `special` says whether the date has hours of its own; `holidays` are there also where
    they close only a part of it."""

    day: date
    windows: tuple[OpenWindow, ...]
    holidays: tuple[Holiday, ...]
    special: bool
    clock_changes: tuple[ClockChange, ...]

    @property
    def working(self) -> Micros:
        """How long it is open, in real time."""
        return Micros(sum(window.end - window.start for window in self.windows))


def open_in_utc(zone: str, day: int, opens: Iterable[WallTime]) -> tuple[OpenWindow, ...]:
    """The open wall times of a date (which counts from 1970-01-01) as they are lived.

    A window over a clock change stays one window, longer or shorter than the wall clock says. A wall time that is
    shown twice opens twice.
    """
    found: list[OpenWindow] = []
    for (start, end), midnight in sorted(_open_parts(zone, day, tuple(opens))):
        opening, closing = render_time(start - midnight), render_time(end - midnight)
        if found and found[-1].end == start:
            found[-1] = OpenWindow(found[-1].opens, closing, found[-1].start, end)
        else:
            found.append(OpenWindow(opening, closing, start, end))
    return tuple(found)


def clock_changes(zone: str, day: int) -> tuple[ClockChange, ...]:
    """The changes after which the clocks show that date; a date may have none, and a few in history two."""
    return tuple(
        ClockChange(Instant(after.start), before.offset, after.offset)
        for before, after in pairwise(offset_spans(zone, *_around(day)))
        if (after.start + after.offset) // DAY == day
    )


def _open_parts(zone: str, day: int, opens: tuple[WallTime, ...]) -> Iterator[tuple[Interval[Instant], int]]:
    """When it is open, and the instant of midnight by the clocks of then."""
    for number, midnight, shown in local_days(zone, *_around(day)):
        if number == day:
            real = (lived(window, midnight, shown) for window in opens)
            yield from ((one, midnight) for one in real if one is not None)


def _around(day: int) -> tuple[int, int]:
    """Instants between which all of a date lies in every zone: no offset from UTC comes to a day."""
    return (day - 1) * DAY, (day + 2) * DAY
