"""The recurrence rules of RFC 5545 that say `every year`: on its date, on days of months, on weekdays of months."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BYDAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_READ = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYDAY"})
MOST_A_YEAR = 31
"""Dates in one year; keeps a hostile rule from costing more than a real one."""


@dataclass(frozen=True, slots=True)
class YearlyRule:
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    """Which of the month (0: each, -1: the last) and which weekday, Monday 0."""
    interval: int = 1
    count: int | None = None
    until: date | None = None

    @classmethod
    def read(cls, rule: Any) -> YearlyRule:
        """Raises ValueError with what is not read."""
        given = {str(name).upper(): values if isinstance(values, list) else [values] for name, values in rule.items()}
        if [str(one) for one in given.get("FREQ", ())] != ["YEARLY"]:
            raise ValueError("must be yearly")
        if unread := given.keys() - _READ:
            raise ValueError(f"has {min(unread)}, which is not read")
        months = tuple(int(one) for one in given.get("BYMONTH", ()))
        month_days = tuple(int(one) for one in given.get("BYMONTHDAY", ()))
        weekdays = tuple(_weekday(str(one)) for one in given.get("BYDAY", ()))
        if weekdays and not months:
            raise ValueError("has BYDAY without BYMONTH, which is not read")
        if (len(months) or 12) * (len(month_days) or 5 * len(weekdays)) > 12 * MOST_A_YEAR or len(months) > 12:
            raise ValueError("names more dates than there are")
        interval = int(given.get("INTERVAL", [1])[0])
        if interval < 1:
            raise ValueError("must have an INTERVAL of at least 1")
        until = given["UNTIL"][0] if "UNTIL" in given else None
        count = int(given["COUNT"][0]) if "COUNT" in given else None
        return cls(months, month_days, weekdays, interval, count, _last_date(until))

    def is_plain(self, start: date) -> bool:
        """It says no more than: on that date, for ever."""
        endless = self.count is None and self.until is None and self.interval == 1
        on_its_date = self.months in ((), (start.month,)) and self.month_days in ((), (start.day,))
        return endless and on_its_date and not self.weekdays and bool(self.months or not self.month_days)

    def dates(self, start: date, years: range) -> Iterator[date]:
        """Those from `start` on that lie in the years."""
        happened = 0
        # Only a count needs what came before.
        first = start.year if self.count is not None else max(start.year, years.start)
        for year in range(first, years.stop):
            if (year - start.year) % self.interval:
                continue
            for day in sorted(self._of_year(year, start)):
                if day < start or (self.until is not None and day > self.until):
                    continue
                happened += 1
                if self.count is not None and happened > self.count:
                    return
                if year in years:
                    yield day

    def _of_year(self, year: int, start: date) -> set[date]:
        months = self.months or (range(1, 13) if self.month_days else (start.month,))
        return {day for month in months if 1 <= month <= 12 for day in self._of_month(year, month, start.day)}

    def _of_month(self, year: int, month: int, own_day: int) -> Iterator[date]:
        length = monthrange(year, month)[1]
        chosen = self.month_days or (range(1, length + 1) if self.weekdays else (own_day,))
        for given in chosen:
            number = given if given > 0 else length + 1 + given
            if 1 <= number <= length and self._is_weekday(date(year, month, number), length):
                yield date(year, month, number)

    def _is_weekday(self, day: date, length: int) -> bool:
        which = {0, (day.day + 6) // 7, -((length - day.day) // 7 + 1)}
        return not self.weekdays or any(day.weekday() == weekday and nth in which for nth, weekday in self.weekdays)


def _last_date(until: Any) -> date | None:
    if isinstance(until, datetime):
        return until.date()
    if until is None or isinstance(until, date):
        return until
    raise ValueError("must have a date or a time as UNTIL")


def _weekday(text: str) -> tuple[int, int]:
    found = _BYDAY.fullmatch(text.upper())
    if found is None:
        raise ValueError(f"has the weekday {text[:20]}, which is none of a month")
    return int(found[1] or 0), _WEEKDAYS.index(found[2])
