"""Which local wall times are open on a date: weekly hours, holidays, special days and breaks put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from domain.calendar.times import Interval, Window, merged, without

DatedWindows = tuple[date, tuple[Window, ...]]

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY = date(1970, 1, 1).weekday()


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_ORDINAL


class DayRules:
    """The open intervals of any date, as microseconds since its local midnight.

    A window past midnight is two parts. Each part obeys the holidays, special days and breaks of its own date; a
    special day's second part joins the next date's weekly hours unless that date has special hours itself.
    """

    def __init__(
        self,
        weekly: Sequence[Sequence[Window]],
        holidays: Iterable[date],
        special_days: Iterable[DatedWindows],
        breaks: Iterable[DatedWindows],
    ) -> None:
        self._weekly = tuple(merged([*_today(weekly[day]), *_tomorrow(weekly[day - 1])]) for day in range(7))
        self._holidays = frozenset(map(day_number, holidays))
        self._special = {day_number(day): windows for day, windows in special_days}
        self._breaks = {day_number(day): windows for day, windows in breaks}
        dated = {*self._special, *self._breaks}
        self._exceptional = self._holidays | dated | {day + 1 for day in dated}

    def open_intervals(self, day: int) -> tuple[Interval, ...]:
        """Sorted and disjoint; `day` counts from 1970-01-01."""
        if day not in self._exceptional:
            return self._weekly[(day + _EPOCH_WEEKDAY) % 7]
        if day in self._holidays:
            return ()
        closed = merged([*_today(self._breaks.get(day, ())), *_tomorrow(self._breaks.get(day - 1, ()))])
        return without(self._hours(day), closed)

    def _hours(self, day: int) -> tuple[Interval, ...]:
        if day in self._special:
            return merged(_today(self._special[day]))
        spill = _tomorrow(self._special.get(day - 1, ()))
        return merged([*self._weekly[(day + _EPOCH_WEEKDAY) % 7], *spill])


def _today(windows: Iterable[Window]) -> list[Interval]:
    return [window.today for window in windows]


def _tomorrow(windows: Iterable[Window]) -> list[Interval]:
    return [window.tomorrow for window in windows if window.tomorrow is not None]
