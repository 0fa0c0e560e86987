"""Why a calendar is closed: each stretch of real time with the rule that closes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain.calendar.local_time.intervals import WHOLE_DAY, WallTime, merged, without
from domain.calendar.local_time.local_days import lived, local_days
from domain.calendar.rules.days import DayRules, date_of
from domain.calendar.rules.holidays import Holiday, HolidayNames
from domain.instants import Instant


class ClosingRule(StrEnum):
    """What closes a part of a date: a holiday, a break on the date, the hours of the date's own (a special day or
    opening), a weekday without hours, or the hours of the weekday."""

    HOLIDAY = "holiday"
    BREAK = "break"
    SPECIAL_DAY = "special_day"
    WEEKDAY = "weekday"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Closure:
    """`name` is the holiday's, where it has one."""

    rule: ClosingRule
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """`[start, end)`, open (`closed_by` None) or closed by one rule."""

    start: Instant
    end: Instant
    closed_by: Closure | None


Part = tuple[WallTime, Closure | None]
"""A part of a date, and what closes it; None: it is open."""


class DayParts:
    """Every date in parts, each of them open or closed by one rule; together they are the whole date.

    Where several rules close the same time, a holiday is named before a break, and both before the hours. A holiday is
    named for all that it closes, also for what would not have been open.
    """

    def __init__(self, rules: DayRules, holidays: HolidayNames) -> None:
        self._rules = rules
        self._holidays = holidays

    def on(self, day: int) -> list[Part]:
        """The parts of a date in order; `day` counts from 1970-01-01."""
        opens = self._rules.open_intervals(day)
        parts: list[Part] = [(window, None) for window in opens]
        left = without(_WHOLE_DATE, opens)
        for closed, closure in self._layers(day):
            parts += [(part, closure) for part in without(left, without(_WHOLE_DATE, closed))]
            left = without(left, closed)
        return sorted(parts, key=lambda part: part[0])

    def _layers(self, day: int) -> Iterator[tuple[tuple[WallTime, ...], Closure]]:
        """Every rule that closes something of a date, the most telling first; the last closes all that is not open."""
        for holiday in self._holidays.on(date_of(day)):
            closed = merged(window.today for window in holiday.closed) or _WHOLE_DATE
            if not self._rules.is_opening(day) or self._is_kept_by_breaks(day, holiday, closed):
                yield closed, Closure(ClosingRule.HOLIDAY, holiday.name)
        if from_before := self._rules.closed_from_before(day):
            for holiday in self._holidays.on(date_of(day - 1)):
                if not holiday.closed:
                    yield from_before, Closure(ClosingRule.HOLIDAY, holiday.name)
        yield self._rules.breaks(day), Closure(ClosingRule.BREAK)
        yield _WHOLE_DATE, Closure(self._rule_of(day))

    def _is_kept_by_breaks(self, day: int, holiday: Holiday, closed: tuple[WallTime, ...]) -> bool:
        """Whether breaks close, in spite of an opening, what the holiday would: then the holiday is the reason."""
        return bool(holiday.closed) and not without(closed, self._rules.breaks(day))

    def _rule_of(self, day: int) -> ClosingRule:
        if self._rules.is_special(day):
            return ClosingRule.SPECIAL_DAY
        return ClosingRule.HOURS if self._rules.hours(day) else ClosingRule.WEEKDAY


def stretches(zone: str, parts: DayParts, start: Instant, end: Instant) -> tuple[Stretch, ...]:
    """`[start, end)` cut into stretches in order; neighbours that the same rule closes are one stretch."""
    return joined(_unjoined(zone, parts, start, end))


def joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Neighbours that are open, or closed by the same rule, are one stretch."""
    found: list[Stretch] = []
    for stretch in stretches:
        if found and found[-1].closed_by == stretch.closed_by:
            found[-1] = Stretch(found[-1].start, stretch.end, stretch.closed_by)
        else:
            found.append(stretch)
    return tuple(found)


_WHOLE_DATE = (WHOLE_DAY,)


def _unjoined(zone: str, parts: DayParts, start: Instant, end: Instant) -> Iterator[Stretch]:
    for number, midnight, shown in local_days(zone, start, end):
        for part, closure in parts.on(number):
            if (real := lived(part, midnight, shown)) is not None:
                yield Stretch(real.start, real.end, closure)
