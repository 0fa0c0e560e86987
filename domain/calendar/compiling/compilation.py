"""The compiled form of a calendar: made when the calendar is first asked, kept as long as it is in use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property

from domain.calendar.compiling.compiled import OpenTime, OpenTimeOfRules
from domain.calendar.local_time.intervals import WallTime
from domain.calendar.local_time.times import Window
from domain.calendar.rules.closures import DayParts, Stretch, stretches
from domain.calendar.rules.days import DatedWindows, DayRules
from domain.calendar.rules.holidays import AppliesTo, Holiday, HolidayNames
from domain.calendar.rules.shifts import ShiftRules
from domain.instants import Instant


class Compilation:
    """The forms that questions to a calendar need, each made when it is first needed."""

    def __init__(
        self,
        zone: str,
        weekly: Sequence[Sequence[Window]],
        holidays: tuple[Holiday, ...],
        special_days: tuple[DatedWindows, ...],
        openings: tuple[DatedWindows, ...],
        breaks: tuple[DatedWindows, ...],
        applies_to: AppliesTo = AppliesTo.DATE,
    ) -> None:
        rules = ShiftRules if applies_to is AppliesTo.SHIFT else DayRules
        self._zone = zone
        self._rules = rules(weekly, holidays, special_days, openings, breaks)
        self.open_time: OpenTime = OpenTimeOfRules(zone, self._rules)
        self._holidays = holidays

    def never_opens(self) -> bool:
        return self._rules.never_opens()

    def open_intervals(self, day: int) -> tuple[WallTime, ...]:
        return self._rules.open_intervals(day)

    def holidays_on(self, day: date) -> tuple[Holiday, ...]:
        return self._names.on(day)

    def stretches(self, start: Instant, end: Instant) -> tuple[Stretch, ...]:
        return stretches(self._zone, self._parts, start, end)

    @cached_property
    def _names(self) -> HolidayNames:
        return HolidayNames(self._holidays)

    @cached_property
    def _parts(self) -> DayParts:
        return DayParts(self._rules, self._names)
