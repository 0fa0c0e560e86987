"""Dates, times and lengths of iCalendar events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.calendar import Holiday, MonthDay

LONGEST_NAME = 200
_YEARS_UNTIL_ALL_RETURNS = 28
"""After so many years weekdays, leap years and clock changes repeat in the same order."""


@dataclass(frozen=True, slots=True)
class Length:
    """A duration: days on the wall clock first, then exact time (RFC 5545, 3.3.6).

    A day lasts from noon to noon; eight hours are eight hours, also in a night in which the clocks change.
    """

    wall: timedelta
    exact: timedelta = timedelta(0)

    @classmethod
    def of_duration(cls, given: timedelta) -> Length:
        return cls(timedelta(given.days), given - timedelta(given.days))

    @property
    def nominal(self) -> timedelta:
        return self.wall + self.exact

    def after(self, start: datetime) -> datetime:
        return (start + self.wall).astimezone(UTC) + self.exact


def years_until_dates_repeat(start: date, first_year: int) -> Iterator[date]:
    """The event in each year until dates repeat, if the year has its date."""
    for year in range(first_year, first_year + _YEARS_UNTIL_ALL_RETURNS):
        try:
            yield start.replace(year=year)
        except ValueError:
            continue


def every_year(holiday: Holiday) -> Holiday:
    return replace(holiday, day=_month_day(holiday.day), last=holiday.last and _month_day(holiday.last))


def _month_day(day: date | MonthDay) -> MonthDay:
    return MonthDay(day.month, day.day)


def moved_to(day: date, start: date) -> date:
    """The start of the event on another day."""
    return datetime.combine(day, start.timetz()) if isinstance(start, datetime) else day


def date_of(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def is_after(moment: date, until: date | None) -> bool:
    """Compares two times as instants, a time and a date as dates."""
    if until is None:
        return False
    if not isinstance(moment, datetime) or not isinstance(until, datetime):
        return date_of(moment) > date_of(until)
    return moment > (until if until.tzinfo else until.replace(tzinfo=moment.tzinfo))


def text_of(value: Any) -> str | None:
    first = value[0] if isinstance(value, list) and value else value
    return (str(first).strip()[:LONGEST_NAME] or None) if first is not None else None


def listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
