"""Which local wall times are open on a date: weekly hours, holidays, special days, openings and breaks put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from datetime import date

from domain.calendar.local_time.intervals import WHOLE_DAY, WallTime, merged, without
from domain.calendar.local_time.times import Window
from domain.calendar.local_time.zones import HORIZON
from domain.calendar.rules.holidays import Holiday
from domain.instants import DAY

DatedWindows = tuple[date, tuple[Window, ...]]

Closed = tuple[WallTime, ...]
"""What a holiday closes of its date."""

WHOLE_DATE: Closed = (WHOLE_DAY,)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_COVERED = range(HORIZON // DAY)
_DATES_OF_EVERY_YEAR = 366
_EPOCH_WEEKDAY = date(1970, 1, 1).weekday()


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_ORDINAL


def date_of(number: int) -> date:
    """The inverse of `day_number`."""
    return date.fromordinal(number + _EPOCH_ORDINAL)


class DayRules:
    """The open intervals of any date, as microseconds since its local midnight.

    A window past midnight is two parts. Each part obeys the holidays, special days and breaks of its own date. The
    second part of a special day joins the weekly hours of the next date, unless that date has special hours itself.
    An opening is a special day that no holiday closes.
    """

    def __init__(
        self,
        weekly: Sequence[Sequence[Window]],
        holidays: Iterable[Holiday],
        special_days: Iterable[DatedWindows],
        openings: Iterable[DatedWindows],
        breaks: Iterable[DatedWindows],
    ) -> None:
        self._weekly = _week(weekly)
        self._openings = {day_number(day): windows for day, windows in openings}
        self._special = {day_number(day): windows for day, windows in special_days} | self._openings
        self._breaks = {day_number(day): windows for day, windows in breaks}
        self._holidays, self._yearly = _closures(holidays)
        dated = {*self._special, *self._breaks}
        self._exceptional = dated | {day + 1 for day in dated}

    def open_intervals(self, day: int) -> tuple[WallTime, ...]:
        """Sorted and disjoint; `day` counts from 1970-01-01."""
        yearly: Closed = ()
        if self._yearly:
            yearly = self._yearly.get(_month_day(day), ())
        if not yearly and day not in self._holidays and day not in self._exceptional:
            return self._weekly[(day + _EPOCH_WEEKDAY) % 7]
        holiday = () if day in self._openings else (*self._holidays.get(day, ()), *yearly)
        if holiday == WHOLE_DATE:
            return ()
        return without(self.hours(day), merged([*holiday, *self.breaks(day)]))

    def never_opens(self) -> bool:
        """Whether holidays of every year close all that would open from 1970 to 2100; other holidays do not count."""
        if not self.closes_every_date():
            return False
        closed, weekly = set(self._yearly.values()), set(self._weekly)
        usual = any(without(hours, each) for hours in weekly for each in closed)
        return not usual and not any(self.open_intervals(day) for day in self._unusual() if self.covers(day))

    def _unusual(self) -> Set[int]:
        """The dates that no weekday tells the hours of, beside the holidays of every year."""
        return self._holidays.keys() | self._exceptional

    def closes_every_date(self) -> bool:
        """Whether holidays of every year close something of each date."""
        return len(self._yearly) >= _DATES_OF_EVERY_YEAR

    def covers(self, day: int) -> bool:
        return day in _COVERED

    def closed_from_before(self, day: int) -> tuple[WallTime, ...]:  # noqa: ARG002  # of shifts, there is something
        """What a holiday of the day before closes of this date."""
        return ()

    def is_opening(self, day: int) -> bool:
        return day in self._openings

    def is_special(self, day: int) -> bool:
        """Whether the date has hours of its own, an opening's among them."""
        return day in self._special

    def breaks(self, day: int) -> tuple[WallTime, ...]:
        return merged([*today(self._breaks.get(day, ())), *tomorrow(self._breaks.get(day - 1, ()))])

    def hours(self, day: int) -> tuple[WallTime, ...]:
        """The hours of a date before holidays and breaks are taken out; sorted and disjoint."""
        if day in self._special:
            return merged(today(self._special[day]))
        spill = tomorrow(self._special.get(day - 1, ()))
        return merged([*self._weekly[(day + _EPOCH_WEEKDAY) % 7], *spill])


def _week(weekly: Sequence[Sequence[Window]]) -> tuple[tuple[WallTime, ...], ...]:
    week: list[tuple[WallTime, ...]] = []
    before, last = weekly[-1], None
    for windows in weekly:
        # Most weekdays have the hours of the day before, and those are computed once.
        if last is None or windows != before or before != last:
            week.append(merged([*today(windows), *tomorrow(before)]))
        else:
            week.append(week[-1])
        before, last = windows, before
    return tuple(week)


def _closures(holidays: Iterable[Holiday]) -> tuple[dict[int, Closed], dict[tuple[int, int], Closed]]:
    """What the holidays close of dates of one year, by day number, and of dates of every year, by month and day."""
    dated: dict[int, Closed] = {}
    yearly: dict[tuple[int, int], Closed] = {}
    for holiday in holidays:
        if holiday.whole_date:
            dated[holiday.whole_date - _EPOCH_ORDINAL] = WHOLE_DATE
            continue
        closed = tuple(today(holiday.closed)) if holiday.closed else WHOLE_DATE
        if holiday.is_yearly:
            for each in holiday.month_days():
                yearly[each.month, each.day] = merged([*yearly.get((each.month, each.day), ()), *closed])
        else:
            for day in map(day_number, holiday.dates()):
                dated[day] = merged([*dated[day], *closed]) if day in dated else closed
    return dated, yearly


def _month_day(day: int) -> tuple[int, int]:
    when = date_of(day)
    return when.month, when.day


def today(windows: Iterable[Window]) -> list[WallTime]:
    return [window.today for window in windows]


def tomorrow(windows: Iterable[Window]) -> list[WallTime]:
    return [window.tomorrow for window in windows if window.tomorrow is not None]
