"""Working time over compiled open UTC intervals: prefix sums per UTC year, years added as they are asked for."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from domain.calendar.days import DayRules
from domain.calendar.times import Interval
from domain.calendar.zones import FIRST_YEAR, LAST_YEAR, YEAR_STARTS, Segment, segments
from domain.errors import WorkingTimeExhausted
from domain.instants import DAY, SECOND, Instant, Micros, render


@dataclass(frozen=True, slots=True, eq=False)
class OpenYear:
    """The open intervals of one UTC year: where each opens, and the working time of the year before it and after."""

    opens: array[int]
    worked: array[int]

    @property
    def total(self) -> int:
        return self.worked[-1]

    def worked_until(self, instant: int) -> int:
        last = bisect_right(self.opens, instant) - 1
        return min(self.worked[last] + instant - self.opens[last], self.worked[last + 1]) if last >= 0 else 0

    def earliest(self, worked: int) -> int:
        """The first instant at which that much (more than nothing, at most the total) has been worked."""
        index = bisect_left(self.worked, worked) - 1
        return self.opens[index] + worked - self.worked[index]

    def is_open(self, instant: int) -> bool:
        last = bisect_right(self.opens, instant) - 1
        return last >= 0 and self.worked[last] + instant - self.opens[last] < self.worked[last + 1]


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """Consecutive compiled years and the working time before each of them, counted from the first."""

    first: int
    years: tuple[OpenYear, ...]
    worked: tuple[int, ...]

    @property
    def last(self) -> int:
        return self.first + len(self.years) - 1

    def worked_until(self, instant: int) -> int:
        index = _year(instant) - self.first
        return self.worked[index] + self.years[index].worked_until(instant)

    def earliest(self, worked: int) -> int:
        index = bisect_left(self.worked, worked) - 1
        return self.years[index].earliest(worked - self.worked[index])


class OpenTime:
    """Working time of one set of rules in one zone.

    A span is never changed, only replaced by a longer one, so threads need no lock: the worst outcome of a race is a
    year compiled twice.
    """

    def __init__(self, zone: str, rules: DayRules) -> None:
        self._zone = zone
        self._rules = rules
        self._span: Span | None = None

    def add(self, start: Instant, working: Micros) -> Instant:
        """The earliest instant at which `working` has elapsed. Raises WorkingTimeExhausted beyond the year 2100."""
        if working == 0:
            return start
        span = self._covering(_year(start), _year(start))
        worked = span.worked_until(start) + working
        while span.worked[-1] < worked:
            if span.last == LAST_YEAR:
                raise exhausted(start, working, "the calendar has less working time than that before the year 2101")
            span = self._covering(span.first, span.last + 1, span)
        return Instant(span.earliest(worked))

    def elapsed(self, start: Instant, end: Instant) -> Micros:
        span = self._covering(_year(start), _year(end))
        return Micros(span.worked_until(end) - span.worked_until(start))

    def is_open(self, instant: Instant) -> bool:
        year = _year(instant)
        span = self._covering(year, year)
        return span.years[year - span.first].is_open(instant)

    def _covering(self, first: int, last: int, known: Span | None = None) -> Span:
        span = known or self._span
        if span is not None and span.first <= first and last <= span.last:
            return span
        if span is None:
            years = tuple(self._compile(year) for year in range(first, last + 1))
        else:
            below = tuple(self._compile(year) for year in range(first, span.first))
            above = tuple(self._compile(year) for year in range(span.last + 1, last + 1))
            years, first = below + span.years + above, min(first, span.first)
        self._span = Span(first, years, tuple(accumulate((year.total for year in years), initial=0)))
        return self._span

    def _compile(self, year: int) -> OpenYear:
        opens, worked = array("q"), array("q", [0])
        for segment in segments(self._zone, year):
            for start, end in _open_utc(self._rules, segment):
                opens.append(start)
                worked.append(worked[-1] + end - start)
        return OpenYear(opens, worked)


def exhausted(start: Instant, working: Micros, reason: str) -> WorkingTimeExhausted:
    """Names the hours, for nothing else knows how few they are, and what was asked of them."""
    asked = f"{-(-working // SECOND)} seconds from {render(start)}"
    return WorkingTimeExhausted(reason, field="business_hours", value=asked)


def _open_utc(rules: DayRules, segment: Segment) -> Iterator[Interval]:
    local_start, local_end = segment.start + segment.offset, segment.end + segment.offset
    for day in range(local_start // DAY, (local_end - 1) // DAY + 1):
        midnight = day * DAY
        for opens, closes in rules.open_intervals(day):
            start, end = max(midnight + opens, local_start), min(midnight + closes, local_end)
            if start < end:
                yield start - segment.offset, end - segment.offset


def _year(instant: int) -> int:
    return min(FIRST_YEAR + bisect_right(YEAR_STARTS, instant) - 1, LAST_YEAR)
