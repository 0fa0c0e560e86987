"""What a calendar comes to on one date: when it is open, on the wall and in UTC, and why it is not otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from domain.calendar.holidays import Holiday
from domain.calendar.times import Interval, render_time
from domain.calendar.zones import FIRST_YEAR, LAST_YEAR, YEAR_STARTS, OffsetSpan, segments
from domain.instants import DAY, Instant, Micros


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """Open from `start` until just before `end`; the wall clock of the zone shows `opens` and `closes` then."""

    opens: str
    closes: str
    start: Instant
    end: Instant


@dataclass(frozen=True, slots=True)
class ClockChange:
    """The clocks of a zone jump: forwards where the offset from UTC grows. Offsets are microseconds."""

    at: Instant
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class EffectiveDay:
    """`special` where hours of its own stand for the date; `holidays` also where they close only a part of it."""

    day: date
    windows: tuple[OpenWindow, ...]
    holidays: tuple[Holiday, ...]
    special: bool
    clock_changes: tuple[ClockChange, ...]

    @property
    def working(self) -> Micros:
        """The real time that is open."""
        return Micros(sum(window.end - window.start for window in self.windows))


def open_in_utc(zone: str, day: int, opens: Iterable[Interval]) -> tuple[OpenWindow, ...]:
    """The local intervals of a date (which counts from 1970-01-01) as they are lived.

    A window over a clock change stays one, longer or shorter than the wall says; what is shown twice opens twice.
    """
    found: list[OpenWindow] = []
    for start, end, wall in sorted(_lived(zone, day, tuple(opens))):
        opening, closing = render_time(wall), render_time(wall + end - start)
        if found and found[-1].end == start:
            found[-1] = OpenWindow(found[-1].opens, closing, found[-1].start, Instant(end))
        else:
            found.append(OpenWindow(opening, closing, Instant(start), Instant(end)))
    return tuple(found)


def clock_changes(zone: str, day: int) -> tuple[ClockChange, ...]:
    """Those after which the clocks show that date; a date may have none, and a few in history two."""
    return tuple(
        ClockChange(Instant(after.start), before.offset, after.offset)
        for before, after in pairwise(_around(zone, day))
        if before.offset != after.offset and (after.start + after.offset) // DAY == day
    )


def _lived(zone: str, day: int, opens: tuple[Interval, ...]) -> Iterator[tuple[int, int, int]]:
    """Start and end in UTC, and what the wall clock shows at the start."""
    midnight = day * DAY
    for segment in _around(zone, day):
        for opening, closing in opens:
            start = max(midnight + opening - segment.offset, segment.start)
            end = min(midnight + closing - segment.offset, segment.end)
            if start < end:
                yield start, end, start + segment.offset - midnight


def _around(zone: str, day: int) -> Iterator[OffsetSpan]:
    """The stretches of constant offset a date may touch, and one before."""
    year = next(year for year in range(LAST_YEAR, FIRST_YEAR - 1, -1) if day * DAY >= YEAR_STARTS[year - FIRST_YEAR])
    for near in range(max(year - 1, FIRST_YEAR), min(year + 1, LAST_YEAR) + 1):
        yield from segments(zone, near)
