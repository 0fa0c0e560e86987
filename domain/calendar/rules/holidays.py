"""Closed dates: one date or several in a row, of one year or of every year, closed as a whole or in part."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from domain.calendar.local_time.times import Window
from domain.errors import InvalidValue

_MONTH_DAY = re.compile(r"([0-9]{2})-([0-9]{2})")
_LEAP_YEAR = 2000
MAX_RANGE = 366
"""Dates in one holiday."""


class AppliesTo(StrEnum):
    """What a holiday closes: the time on its dates, or the shifts that begin on them, each to its end."""

    DATE = "date"
    SHIFT = "shift"


@dataclass(frozen=True, slots=True, order=True)
class MonthDay:
    """A date of every year; 29 February comes in leap years only. Raises InvalidValue for a date that never comes."""

    month: int
    day: int

    def __post_init__(self) -> None:
        try:
            date(_LEAP_YEAR, self.month, self.day)
        except (TypeError, ValueError):
            raise InvalidValue("date", (self.month, self.day), "must be a day of a month") from None

    @classmethod
    def parse(cls, text: str) -> MonthDay | None:
        """The date that `MM-DD` names; None for any other text."""
        found = _MONTH_DAY.fullmatch(text)
        try:
            return cls(int(found[1]), int(found[2])) if found and text.isascii() else None
        except InvalidValue:
            return None

    def isoformat(self) -> str:
        return f"{self.month:02}-{self.day:02}"


@dataclass(frozen=True, slots=True)
class Holiday:
    """Local dates that are closed, with the name people know them by: `day`, or all dates from `day` to `last`.

    Dates without a year come back every year; a range of them may go over New Year. Where `closed` has windows, the
    rest of each date stays open. Raises InvalidValue for a range that mixes dates with and without a year, ends before
    it begins or is longer than 366 days, for an empty name, and for a window past midnight.
    """

    day: date | MonthDay
    name: str | None = None
    last: date | MonthDay | None = None
    closed: tuple[Window, ...] = ()
    order: tuple[Any, ...] = field(init=False, repr=False, compare=False)
    """By date, those of every year first; only equal holidays have an equal one."""
    whole_date: int = field(init=False, repr=False, compare=False)
    """The ordinal of its date if it closes the whole of that one alone, else 0."""

    def __post_init__(self) -> None:
        if type(self.day) not in (date, MonthDay):
            raise InvalidValue("date", self.day, "must be a date")
        if self.name is not None and not _is_text(self.name):
            raise InvalidValue("name", self.name, "must be a text that is not empty")
        if self.last is not None:
            _require_range(self.day, self.last)
        for window in self.closed:
            if window.tomorrow:
                shown = [each.to_json() for each in self.closed]
                raise InvalidValue("closed", shown, "must be windows of one date, none past midnight")
        last = self.last.isoformat() if self.last else ""
        object.__setattr__(self, "order", (self.day.isoformat(), self.name or "", last, self.closed))
        whole = 0 if isinstance(self.day, MonthDay) or self.last or self.closed else self.day.toordinal()
        object.__setattr__(self, "whole_date", whole)

    @property
    def is_yearly(self) -> bool:
        return isinstance(self.day, MonthDay)

    def dates(self) -> Iterator[date]:
        """Each date of a holiday of one year."""
        assert isinstance(self.day, date)
        yield self.day
        if self.last is not None:
            yield from (self.day + timedelta(days=index) for index in range(1, self.length))

    def month_days(self) -> Iterator[MonthDay]:
        """Each date of a holiday of every year, 29 February among them where the range holds it."""
        assert isinstance(self.day, MonthDay)
        first = _in_leap_year(self.day)
        for index in range(self.length):
            # A range over New Year goes on where the leap year began.
            day = date.fromordinal(_WRAP + (first.toordinal() - _WRAP + index) % MAX_RANGE)
            yield MonthDay(day.month, day.day)

    @property
    def length(self) -> int:
        """How many dates it has, in a leap year."""
        if self.last is None:
            return 1
        if isinstance(self.day, date) and isinstance(self.last, date):
            return (self.last - self.day).days + 1
        assert isinstance(self.day, MonthDay)
        assert isinstance(self.last, MonthDay)
        return (_in_leap_year(self.last) - _in_leap_year(self.day)).days % MAX_RANGE + 1

    def to_json(self) -> Any:
        """The date alone, or an object with what else is known."""
        if self.name is None and self.last is None and not self.closed:
            return self.day.isoformat()
        first = {"date": self.day.isoformat()}
        document: dict[str, Any] = first if self.last is None else {"from": first["date"], "to": self.last.isoformat()}
        if self.name is not None:
            document["name"] = self.name
        if self.closed:
            document["closed"] = [window.to_json() for window in self.closed]
        return document


class HolidayNames:
    """Which holidays a date has."""

    def __init__(self, holidays: Iterable[Holiday]) -> None:
        self._on: defaultdict[date | MonthDay, list[Holiday]] = defaultdict(list)
        for holiday in holidays:
            for day in holiday.month_days() if holiday.is_yearly else holiday.dates():
                self._on[day].append(holiday)

    def on(self, day: date) -> tuple[Holiday, ...]:
        return (*self._on.get(day, ()), *self._on.get(MonthDay(day.month, day.day), ()))


_WRAP = date(_LEAP_YEAR, 1, 1).toordinal()


def _in_leap_year(day: MonthDay) -> date:
    return date(_LEAP_YEAR, day.month, day.day)


def _require_range(first: date | MonthDay, last: object) -> None:
    if type(last) is not type(first):
        shown = last.isoformat() if isinstance(last, date | MonthDay) else last
        raise InvalidValue("to", shown, "must have a year if the first date has one, and none if it has none")
    if isinstance(first, date) and isinstance(last, date) and not 0 <= (last - first).days < MAX_RANGE:
        raise InvalidValue("to", last.isoformat(), f"must lie up to {MAX_RANGE - 1} days after {first.isoformat()}")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""
