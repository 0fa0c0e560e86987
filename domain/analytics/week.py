"""When things happen in the week: by weekday and hour of a zone's wall clock, at each instant as it was set then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import gcd

from domain.analytics.periods import Period
from domain.analytics.wall_time import wall_clock
from domain.calendar.local_time.zones import offset_spans
from domain.instants import HOUR, MINUTE, SECOND, Instant, Micros

QUARTER = Micros(15 * MINUTE)
UNITS = (HOUR, QUARTER, SECOND)
DAYS = 7
HOURS = 24


@dataclass(frozen=True, slots=True)
class Week:
    """A number for each hour of each weekday, Monday first: `counts[0][9]` is what happened on Mondays from 9 to 10.

    Where clocks are put back an hour is there twice, and both count in one place; where they are put forward it is not
    there at all.
    """

    counts: Sequence[Sequence[int]]

    @property
    def total(self) -> int:
        return sum(map(sum, self.counts))


def week_of(zone: str, numbers: Iterable[tuple[Instant, int]]) -> Week:
    """Of instants, each with how many things happened in the unit of time that begins with it (see `unit_of`)."""
    counts = [[0] * HOURS for _ in range(DAYS)]
    known: dict[Instant, tuple[int, int]] = {}
    for at, number in numbers:
        if (place := known.get(at)) is None:
            shown = wall_clock(zone, at)
            place = known[at] = shown.weekday(), shown.hour
        counts[place[0]][place[1]] += number
    return Week(counts)


def unit_of(period: Period) -> Micros:
    """The longest of an hour, a quarter of it, and a second, counted from 1970 on in UTC, within which the hour of the
    zone's wall clock never changes during the period.

    An hour in most zones, a quarter where a zone is at half an hour or three quarters, a second where one was at
    neither before 1972.
    """
    spans = list(offset_spans(period.timezone, period.start, period.end))
    turns = [span.start for span in spans if period.start < span.start < period.end]
    common = gcd(HOUR, *(span.offset for span in spans), *turns)
    return next(Micros(unit) for unit in UNITS if common % unit == 0)
