"""Working time over compiled open intervals in UTC: prefix sums by fortnight; fortnights are added when asked for."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

from domain.calendar.local_time.intervals import WHOLE_DAY, Interval, clipped
from domain.calendar.local_time.local_days import LocalDay, local_days
from domain.calendar.local_time.zones import HORIZON
from domain.calendar.rules.days import DayRules
from domain.errors import WorkingTimeExhausted
from domain.instants import DAY, SECOND, Instant, Micros, render

FORTNIGHT = 14 * DAY
_LAST = HORIZON // FORTNIGHT
"""The fortnight, counted from 1970-01-01 in UTC, in which the last instant lies."""

_SHARED = 2048
"""How many fortnights of zones are kept cut into dates, for all calendars: three years of 26 zones."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenFortnight:
    """The open intervals of a fortnight: the instant at which each opens, and the working time in the fortnight before
    the first, after the first, after the second and so on (one entry more than `opens`)."""

    opens: array[int]
    worked: array[int]

    @property
    def total(self) -> int:
        return self.worked[-1]

    def worked_until(self, instant: int) -> int:
        last = bisect_right(self.opens, instant) - 1
        return min(self.worked[last] + instant - self.opens[last], self.worked[last + 1]) if last >= 0 else 0

    def earliest(self, worked: int) -> int:
        """The first instant at which that much has been worked: more than nothing, at most the total."""
        index = bisect_left(self.worked, worked) - 1
        return self.opens[index] + worked - self.worked[index]

    def intervals(self) -> Iterator[Interval[Instant]]:
        for opening, (before, after) in zip(self.opens, pairwise(self.worked), strict=True):
            yield Interval(Instant(opening), Instant(opening + after - before))

    def is_open(self, instant: int) -> bool:
        last = bisect_right(self.opens, instant) - 1
        return last >= 0 and self.worked[last] + instant - self.opens[last] < self.worked[last + 1]


@dataclass(frozen=True, slots=True, eq=False)
class OpenSpan:
    """Consecutive fortnights from number `first` on, and the working time before each of them and after the last."""

    first: int
    fortnights: tuple[OpenFortnight, ...]
    worked: tuple[int, ...]

    @property
    def last(self) -> int:
        return self.first + len(self.fortnights) - 1

    def worked_until(self, instant: int) -> int:
        index = instant // FORTNIGHT - self.first
        return self.worked[index] + self.fortnights[index].worked_until(instant)

    def earliest(self, worked: int) -> int:
        index = bisect_left(self.worked, worked) - 1
        return self.fortnights[index].earliest(worked - self.worked[index])


class OpenTime:
    """Working time over fortnights; a subclass says what is open in one.

    A span is never changed, only replaced by a longer one. So threads need no lock: at worst a race compiles a
    fortnight twice.
    """

    _span: OpenSpan | None = None

    def add(self, start: Instant, working: Micros) -> Instant:
        """The earliest instant at which `working` has elapsed. Raises WorkingTimeExhausted beyond the year 2100."""
        if working == 0:
            return start
        span = self._covering(start // FORTNIGHT, start // FORTNIGHT)
        worked = span.worked_until(start) + working
        more = 1
        while span.worked[-1] < worked:
            if span.last == _LAST:
                raise exhausted(start, working, "the calendar has less working time than that before the year 2101")
            span = self._covering(span.first, min(span.last + more, _LAST), span)
            more *= 2
        return Instant(span.earliest(worked))

    def elapsed(self, start: Instant, end: Instant) -> Micros:
        span = self._covering(start // FORTNIGHT, end // FORTNIGHT)
        return Micros(span.worked_until(end) - span.worked_until(start))

    def is_open(self, instant: Instant) -> bool:
        fortnight = instant // FORTNIGHT
        span = self._covering(fortnight, fortnight)
        return span.fortnights[fortnight - span.first].is_open(instant)

    def open_between(self, start: Instant, end: Instant) -> tuple[Interval[Instant], ...]:
        """The open intervals within `[start, end)`, in order; one that runs on into the next fortnight is two."""
        if start >= end:
            return ()
        first, last = start // FORTNIGHT, (end - 1) // FORTNIGHT
        span = self._covering(first, last)
        fortnights = span.fortnights[first - span.first : last + 1 - span.first]
        return clipped((one for each in fortnights for one in each.intervals()), Interval(start, end))

    def _covering(self, first: int, last: int, known: OpenSpan | None = None) -> OpenSpan:
        span = known or self._span
        if span is not None and span.first <= first and last <= span.last:
            return span
        if span is None:
            fortnights = self._compile(first, last)
        else:
            above = self._compile(span.last + 1, last)
            fortnights, first = self._compile(first, span.first - 1) + span.fortnights + above, min(first, span.first)
        self._span = OpenSpan(first, fortnights, tuple(accumulate((each.total for each in fortnights), initial=0)))
        return self._span

    def _compile(self, first: int, last: int) -> tuple[OpenFortnight, ...]:
        return tuple(self._compile_one(fortnight) for fortnight in range(first, last + 1))

    def _compile_one(self, fortnight: int) -> OpenFortnight:
        raise NotImplementedError


class OpenTimeOfRules(OpenTime):
    """Working time of one set of rules in one zone."""

    def __init__(self, zone: str, rules: DayRules) -> None:
        self._zone = zone
        self._rules = rules

    def _compile_one(self, fortnight: int) -> OpenFortnight:
        opens: list[int] = []
        lengths: list[int] = []
        for number, midnight, shown in _days_of(self._zone, fortnight):
            windows = self._rules.open_intervals(number)
            # Most dates are whole, and cutting what need not be cut would double the time that compiling takes.
            for opening, closing in windows if shown is WHOLE_DAY else clipped(windows, shown):
                opens.append(midnight + opening)
                lengths.append(closing - opening)
        return OpenFortnight(array("q", opens), array("q", accumulate(lengths, initial=0)))


@lru_cache(maxsize=_SHARED)
def _days_of(zone: str, fortnight: int) -> tuple[LocalDay, ...]:
    start = fortnight * FORTNIGHT
    return tuple(local_days(zone, start, min(start + FORTNIGHT, HORIZON)))


def exhausted(start: Instant, working: Micros, reason: str) -> WorkingTimeExhausted:
    """The error for a calendar with too little working time; it names the hours and what was asked of them."""
    asked = f"{-(-working // SECOND)} seconds from {render(start)}"
    return WorkingTimeExhausted(reason, field="business_hours", value=asked)
