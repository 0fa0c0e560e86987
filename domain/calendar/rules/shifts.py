"""Open wall times where holidays apply to whole shifts: each window belongs to the date on which it begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.calendar.local_time.intervals import WallTime, merged, without
from domain.calendar.local_time.times import Window
from domain.calendar.rules.days import WHOLE_DATE, Closed, DatedWindows, DayRules, date_of, today, tomorrow
from domain.calendar.rules.holidays import Holiday

_WEEK = 7
_EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday."""
_UNTIL_ALL_RETURNS = 28 * 366
"""Dates in which weekdays and leap years come in every order there is."""


class ShiftRules(DayRules):
    """As `DayRules`, but a window is closed or open to its end by the date on which it begins.

    Of a date stand the windows of its opening; else none on a holiday; else those of its special day or weekday. What
    closes only a part of a date (a part of a holiday, a break) closes it by the clock, whenever the shift began.
    """

    def __init__(
        self,
        weekly: Sequence[Sequence[Window]],
        holidays: Iterable[Holiday],
        special_days: Iterable[DatedWindows],
        openings: Iterable[DatedWindows],
        breaks: Iterable[DatedWindows],
    ) -> None:
        super().__init__(weekly, holidays, special_days, openings, breaks)
        self._windows = tuple(map(tuple, weekly))
        self._exceptional = self._exceptional | {day + 1 for day in self._holidays}

    def open_intervals(self, day: int) -> tuple[WallTime, ...]:
        if not self._yearly and day not in self._holidays and day not in self._exceptional:
            return super().open_intervals(day)
        closed = () if day in self._openings else self._closed(day)
        parts = () if closed == WHOLE_DATE else closed
        begun = [*today(self._begun(day)), *tomorrow(self._begun(day - 1))]
        return without(merged(begun), merged([*parts, *self.breaks(day)]))

    def never_opens(self) -> bool:
        if not super().closes_every_date():
            return False
        usual = any(self.open_intervals(day) for day in range(_UNTIL_ALL_RETURNS))
        return not usual and not any(self.open_intervals(day) for day in self._unusual() if self.covers(day))

    def hours(self, day: int) -> tuple[WallTime, ...]:
        return merged([*today(self._planned(day)), *tomorrow(self._planned(day - 1))])

    def closed_from_before(self, day: int) -> tuple[WallTime, ...]:
        """What a holiday of the day before closes of this date: the ends of the shifts that did not begin."""
        if self._begun(day - 1):
            return ()
        return merged(tomorrow(self._planned(day - 1)))

    def _begun(self, day: int) -> Sequence[Window]:
        """The windows of the date that begin in spite of its holidays."""
        is_closed = day not in self._openings and self._closed(day) == WHOLE_DATE
        return () if is_closed else self._planned(day)

    def _planned(self, day: int) -> Sequence[Window]:
        return self._special[day] if day in self._special else self._windows[(day + _EPOCH_WEEKDAY) % _WEEK]

    def _closed(self, day: int) -> Closed:
        when = date_of(day)
        return merged([*self._holidays.get(day, ()), *self._yearly.get((when.month, when.day), ())])
