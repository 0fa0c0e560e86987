"""The compiled form of a calendar: made when the calendar is first asked, kept as long as it is in use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from domain.calendar.closures import DayParts
from domain.calendar.compiled import OpenTime
from domain.calendar.days import DatedWindows, DayRules
from domain.calendar.holidays import Holiday, HolidayNames
from domain.calendar.times import Window


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
    ) -> None:
        self.rules = DayRules(weekly, holidays, special_days, openings, breaks)
        self.open_time = OpenTime(zone, self.rules)
        self._holidays = holidays

    @cached_property
    def holidays(self) -> HolidayNames:
        return HolidayNames(self._holidays)

    @cached_property
    def parts(self) -> DayParts:
        return DayParts(self.rules, self.holidays)
