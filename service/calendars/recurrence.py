"""Recurrence rules of any frequency, as long as they come to one date a year at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, time, timedelta
from typing import Any

from dateutil.rrule import rrulestr

from service.calendars.yearly import YearlyRule, at_least_one, end_of, parts_of, refuse_two_ends

_STEPS_A_DAY = {"YEARLY": 1, "MONTHLY": 2, "WEEKLY": 5, "DAILY": 20}
"""What following a rule through one day costs: the shorter the period, the more it is."""
_MOST_CHOICES = 400
_CHOICES = frozenset({"BYMONTH", "BYMONTHDAY", "BYDAY", "BYYEARDAY", "BYWEEKNO"})
_FOLLOWED = frozenset({"FREQ", "INTERVAL", "WKST", "BYSETPOS"}) | _CHOICES
_MONTHS = 12
_CYCLE = 400
"""Years, after which every date falls on the same weekday again, and every leap year comes again."""


@dataclass(frozen=True, slots=True)
class OnceAYear:
    """A rule that is no `YearlyRule`, spelled for dateutil without its end."""

    spelled: str
    steps_a_day: int
    count: int | None = None
    until: date | None = None
    """A date or a time, as in a `YearlyRule`."""

    @classmethod
    def read(cls, given: dict[str, list[Any]]) -> OnceAYear:
        """Raises ValueError, naming what is not supported."""
        if unread := given.keys() - _FOLLOWED - {"COUNT", "UNTIL"}:
            raise ValueError(f"has {min(unread)}, which is not read")
        if "BYSETPOS" in given and not given.keys() & _CHOICES:
            raise ValueError("has BYSETPOS and nothing to choose from")
        refuse_two_ends(given)
        if "INTERVAL" in given:
            at_least_one(given, "INTERVAL")
        count = at_least_one(given, "COUNT") if "COUNT" in given else None
        spelled = ";".join(f"{name}={','.join(map(str, given[name]))}" for name in given if name in _FOLLOWED)
        if sum(len(given[name]) for name in given.keys() & _CHOICES) > _MOST_CHOICES:
            raise ValueError("names more dates than there are")
        return cls(spelled, _STEPS_A_DAY[str(given["FREQ"][0])], count, end_of(given))

    def dates(self, start: date, years: range, spend: Callable[[int], None]) -> Iterator[date]:
        """The dates from `start` on that lie in the years, without regard to a time of `until`.

        `spend` is called with the number of dates that are visited. Raises ValueError for a rule that cannot be
        followed, and for one that comes to two dates in one year.
        """
        # dateutil follows a rule without any further date to the year 9999, which takes it seconds: it gets the same
        # dates some cycles later, so that there is little left.
        later = (MAXYEAR - max(years.stop, start.year)) // _CYCLE * _CYCLE
        before, first = None, datetime.combine(_moved(start, later), time())
        last = datetime.combine(date(years.stop - 1 + later, 12, 31), time())
        visited = first
        for happened, moment in enumerate(rrulestr(self.spelled, dtstart=first).replace(until=last), 1):
            spend(((moment - visited).days + 1) * self.steps_a_day)
            visited, day = moment, _moved(moment.date(), -later)
            if self._is_over(happened, day):
                return
            if before == day.year:
                raise ValueError("must be yearly: it comes to more than one date a year")
            before = day.year
            if day.year in years:
                yield day
        spend(max(0, (last - visited).days) * self.steps_a_day)

    def _is_over(self, happened: int, day: date) -> bool:
        if self.count is not None and happened > self.count:
            return True
        # A time may lie on the date before or after, in the event's own zone.
        slack = timedelta(isinstance(self.until, datetime))
        return self.until is not None and day > _date(self.until) + slack


def rule_of(rule: Any, start: date) -> YearlyRule | OnceAYear:
    """A rule as icalendar reads it. Raises ValueError, naming what is not supported."""
    given = _as_yearly(parts_of(rule), start)
    if [str(one) for one in given.get("FREQ", ())] not in [[name] for name in _STEPS_A_DAY]:
        raise ValueError(f"must be yearly, or come to once a year by {', '.join(list(_STEPS_A_DAY)[1:])}")
    return YearlyRule.read(given) if YearlyRule.reads(given) else OnceAYear.read(given)


def _as_yearly(given: dict[str, list[Any]], start: date) -> dict[str, list[Any]]:
    """Every twelve months is every year, in the month of its start."""
    interval = int(given.get("INTERVAL", [1])[0])
    if [str(one) for one in given.get("FREQ", ())] != ["MONTHLY"] or interval % _MONTHS:
        return given
    if start.month not in map(int, given.get("BYMONTH", [start.month])):
        return given
    return {**given, "FREQ": ["YEARLY"], "INTERVAL": [interval // _MONTHS], "BYMONTH": [start.month]}


def _moved(day: date, years: int) -> date:
    return day.replace(year=day.year + years)


def _date(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
