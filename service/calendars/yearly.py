"""Recurrence rules of RFC 5545 for every year: on the event's date, on days of months, on weekdays of months."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BYDAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_READ = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYDAY"})
MOST_A_YEAR = 31
"""The most dates in one year, so that a hostile rule costs no more than a real one."""


@dataclass(frozen=True, slots=True)
class YearlyRule:
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    """Pairs of the place in the month (0: each, -1: the last) and the weekday (Monday is 0)."""
    interval: int = 1
    count: int | None = None
    until: date | None = None
    """A date or a time. Only a caller that knows the event's zone can compare an occurrence with a time."""

    @classmethod
    def reads(cls, given: Mapping[str, list[Any]]) -> bool:
        """Whether the rule is made of nothing but what a `YearlyRule` has."""
        is_yearly = [str(one) for one in given.get("FREQ", ())] == ["YEARLY"]
        return is_yearly and given.keys() <= _READ and ("BYMONTH" in given or "BYDAY" not in given)

    @classmethod
    def read(cls, given: Mapping[str, list[Any]]) -> YearlyRule:
        """A rule that it `reads`. Raises ValueError, naming what there is not."""
        months = _numbers(given, "BYMONTH", range(1, 13))
        month_days = _numbers(given, "BYMONTHDAY", (*range(-31, 0), *range(1, 32)))
        weekdays = tuple(dict.fromkeys(_weekday(str(one)) for one in given.get("BYDAY", ())))
        if (len(months) or 12) * (len(month_days) or 5 * len(weekdays)) > 12 * MOST_A_YEAR:
            raise ValueError("names more dates than there are")
        refuse_two_ends(given)
        count = at_least_one(given, "COUNT") if "COUNT" in given else None
        interval = at_least_one(given, "INTERVAL") if "INTERVAL" in given else 1
        return cls(months, month_days, weekdays, interval, count, end_of(given))

    def is_plain(self, start: date) -> bool:
        """Whether the rule only says: on that date, for ever."""
        endless = self.count is None and self.until is None and self.interval == 1
        on_its_date = self.months in ((), (start.month,)) and self.month_days in ((), (start.day,))
        return endless and on_its_date and not self.weekdays and bool(self.months or not self.month_days)

    def dates(self, start: date, years: range, spend: Callable[[int], None]) -> Iterator[date]:
        """The dates from `start` on that lie in the years, without regard to `until`.

        `spend` is called with the number of dates that are visited.
        """
        first_date = start.date() if isinstance(start, datetime) else start
        happened = 0
        # Only a count needs the occurrences before.
        first = start.year if self.count is not None else max(start.year, years.start)
        ahead = -(first - start.year) % self.interval
        for year in range(first + ahead, years.stop, self.interval):
            spend(self._looked_at())
            for day in sorted(self._of_year(year, first_date)):
                if day < first_date:
                    continue
                happened += 1
                if self.count is not None and happened > self.count:
                    return
                if year in years:
                    yield day

    def _looked_at(self) -> int:
        """About how many dates of a year are visited; each is compared with each weekday."""
        months = len(self.months) or (12 if self.month_days else 1)
        days = len(self.month_days) or (MOST_A_YEAR if self.weekdays else 1)
        return 1 + months * days * max(1, len(self.weekdays))

    def _of_year(self, year: int, start: date) -> set[date]:
        months = self.months or (range(1, 13) if self.month_days else (start.month,))
        return {day for month in months for day in self._of_month(year, month, start.day)}

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


def parts_of(rule: Any) -> dict[str, list[Any]]:
    """The parts of a rule as icalendar reads it, each a list."""
    return {str(name).upper(): values if isinstance(values, list) else [values] for name, values in rule.items()}


def refuse_two_ends(given: Mapping[str, list[Any]]) -> None:
    if "COUNT" in given and "UNTIL" in given:
        raise ValueError("must have COUNT or UNTIL, not both")


def end_of(given: Mapping[str, list[Any]]) -> date | None:
    """The date or time of UNTIL."""
    if "UNTIL" not in given:
        return None
    until = given["UNTIL"][0]
    if isinstance(until, date):
        return until
    raise ValueError("must have a date or a time as UNTIL")


def _numbers(given: Mapping[str, list[Any]], name: str, valid: Container[int]) -> tuple[int, ...]:
    numbers = tuple(dict.fromkeys(int(one) for one in given.get(name, ())))
    for number in numbers:
        if number not in valid:
            raise ValueError(f"has the {name} {number}, which there is not")
    return numbers


def at_least_one(given: Mapping[str, list[Any]], name: str) -> int:
    number = int(given[name][0])
    if number < 1:
        raise ValueError(f"must have {'an' if name == 'INTERVAL' else 'a'} {name} of at least 1")
    return number


def _weekday(text: str) -> tuple[int, int]:
    found = _BYDAY.fullmatch(text.upper())
    if found is None:
        raise ValueError(f"has the weekday {text[:20]}, which is none of a month")
    return int(found[1] or 0), _WEEKDAYS.index(found[2])
