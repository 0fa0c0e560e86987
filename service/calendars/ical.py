"""Holidays from an iCalendar file (RFC 5545), as calendar programs and public authorities publish them.

An all-day event closes its dates. A timed event closes its part of each date, in the zone of the calendar for which it
is read; its rule is followed in its own zone.

An event that returns every year on its date becomes a holiday of every year, also of the years before its first. An
event that returns otherwise (on a weekday of a month, with until, count or exceptions, or with an end that leap years
or clock changes move) is written out for the years around the present one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from domain.calendar import Holiday, MonthDay, Window
from domain.calendar.holidays import MAX_RANGE
from domain.errors import InvalidValue
from domain.instants import DAY, SECOND
from service.calendars import ical_file
from service.calendars.public import YEARS_AHEAD, YEARS_BACK
from service.calendars.yearly import YearlyRule

MOST_EVENTS = 1000
MOST_HOLIDAYS = 2000
MOST_STEPS = 500_000
"""The most dates that the rules of a file may visit: a second or two."""
LONGEST_NAME = 200
FIRST_YEAR, LAST_YEAR = 1900, 2100
_UNREAD = ("RDATE", "EXRULE", "RECURRENCE-ID")
_YEARS_UNTIL_ALL_RETURNS = 28
"""After so many years weekdays, leap years and clock changes repeat in the same order."""


@dataclass
class Imported:
    """`skipped` is the number of cancelled events and of events that take no time."""

    holidays: list[Holiday] = field(default_factory=list)
    skipped: int = 0


@dataclass
class Budget:
    """The number of steps that a file may still take."""

    left: int = MOST_STEPS


def read(text: str, zone: str, year: int) -> Imported:
    """The holidays of a file. Rules are written out from the year before `year` to five years ahead.

    Raises InvalidValue for the field `ical`, naming the line, or the event and its property.
    """
    events = ical_file.events(text)
    if len(events) > MOST_EVENTS:
        raise InvalidValue("ical", f"{len(events)} events", f"must be at most {MOST_EVENTS} events")
    years = range(year - YEARS_BACK, year + YEARS_AHEAD + 1)
    imported, budget = Imported(), Budget()
    for number, event in enumerate(events, 1):
        before = len(imported.holidays)
        for holiday in _Event(event, number, zone, years, budget).holidays():
            imported.holidays.append(holiday)
            if len(imported.holidays) > MOST_HOLIDAYS:
                raise InvalidValue("ical", f"event {number}", f"must come to at most {MOST_HOLIDAYS} holidays")
        imported.skipped += len(imported.holidays) == before
    return imported


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


class _Event:
    """An event with all its occurrences."""

    def __init__(self, event: Any, number: int, zone: str, years: range, budget: Budget) -> None:
        self._event = event
        self._zone = ZoneInfo(zone)
        self._years = years
        self._budget = budget
        self.name = _text(event.get("SUMMARY"))
        self._label = f"event {number}" + (f" ({self.name})" if self.name else "")

    def holidays(self) -> Iterator[Holiday]:
        """The holidays of the event; none for a cancelled event and for one that takes no time."""
        self._require_readable()
        if (_text(self._event.get("STATUS")) or "").upper() == "CANCELLED":
            return
        start = self._moment("DTSTART")
        length = self._length(start)
        yearly = self._of_every_year(start, length) if self._returns_on_its_date(start) else ()
        if yearly:
            yield from yearly
            return
        for moment in self._occurrences(start):
            yield from self._at(moment, length)

    def _at(self, moment: date, length: Length) -> Iterator[Holiday]:
        """The holidays of one occurrence."""
        if isinstance(moment, datetime):
            yield from self._parts(moment, length)
        else:
            yield self._whole(moment, length.nominal.days)

    def _of_every_year(self, start: date, length: Length) -> tuple[Holiday, ...]:
        """The holidays of every year; none if dates or times differ from year to year."""
        outcomes = {
            tuple(_yearly(one) for one in self._at(moment, length)) for moment in _on_its_date(start, self._years.start)
        }
        same = outcomes.pop() if len(outcomes) == 1 else ()
        # An event that begins on 29 February happens in leap years only, also on the other dates that it closes.
        moves = (start.month, start.day) == (2, 29) and any(one.day != _LEAP_DAY or one.last for one in same)
        return () if moves else same

    def _require_readable(self) -> None:
        for name, reason in self._event.errors:
            self._refuse(name or "its lines", str(reason))
        for name in _UNREAD:
            if name in self._event:
                self._refuse(name, "is not read")
        for name in ("DTSTART", "DTEND", "DURATION", "RRULE"):
            if isinstance(self._event.get(name), list):
                self._refuse(name, "must stand there once")
        if "DTSTART" not in self._event:
            self._refuse("DTSTART", "must be given")

    def _length(self, start: date) -> Length:
        length = self._until_end(start) if "DTEND" in self._event else self._duration()
        if not timedelta(0) <= length.nominal <= timedelta(MAX_RANGE):
            self._refuse("DTEND", f"must lie up to {MAX_RANGE} days after DTSTART")
        if isinstance(start, datetime):
            return length
        # Many programs write a day that ends where it begins.
        return Length(max(length.nominal, timedelta(1)))

    def _until_end(self, start: date) -> Length:
        end = self._moment("DTEND")
        if isinstance(end, datetime) is not isinstance(start, datetime):
            self._refuse("DTEND", "must be a date if DTSTART is one, and a time if it is a time")
        # Each occurrence ends at the same time of the day, as people read it.
        return Length((end.astimezone(start.tzinfo) if isinstance(start, datetime) else end) - start)

    def _duration(self) -> Length:
        given = getattr(self._event.get("DURATION"), "dt", timedelta(0))
        if not isinstance(given, timedelta):
            self._refuse("DURATION", "must be a duration")
        if given < timedelta(0):
            self._refuse("DURATION", "must not be negative")
        return Length.of_duration(given)

    def _moment(self, name: str) -> Any:
        """A date, or a time in a zone. A time without a zone is in the zone of the calendar."""
        given = self._event[name]
        moment = getattr(given, "dt", None)
        if not isinstance(moment, date):
            self._refuse(name, "must be a date or a time")
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self._refuse(name, f"must lie between {FIRST_YEAR} and {LAST_YEAR}")
        if not isinstance(moment, datetime):
            return moment
        if moment.tzinfo is not None:
            return moment
        self._require_known_zone(name, given)
        return moment.replace(tzinfo=self._zone)

    def _require_known_zone(self, name: str, given: Any) -> None:
        """Raises InvalidValue for a time whose zone is not known."""
        if "TZID" in given.params:
            self._refuse(name, f"is in a time zone that is not known, {given.params['TZID']}")

    def _returns_on_its_date(self, start: date) -> bool:
        return "RRULE" in self._event and "EXDATE" not in self._event and self._rule().is_plain(start)

    def _rule(self) -> YearlyRule:
        try:
            return YearlyRule.read(self._event["RRULE"])
        except ValueError as error:
            self._refuse("RRULE", str(error))

    def _occurrences(self, start: date) -> Iterator[date]:
        if "RRULE" not in self._event:
            yield start
            return
        rule, left_out = self._rule(), set(self._left_out(start))
        for day in rule.dates(start, self._years, self._spend):
            moment = _on(day, start)
            if day not in left_out and not _is_after(moment, rule.until):
                yield moment

    def _left_out(self, start: date) -> Iterator[date]:
        """The excepted dates, in the event's zone."""
        zone = start.tzinfo if isinstance(start, datetime) else self._zone
        for given in _listed(self._event.get("EXDATE")):
            for moment in (one.dt for one in getattr(given, "dts", ())):
                if not isinstance(moment, date) or not FIRST_YEAR <= moment.year <= LAST_YEAR:
                    self._refuse("EXDATE", f"must be dates between {FIRST_YEAR} and {LAST_YEAR}")
                if isinstance(moment, datetime) and moment.tzinfo is None:
                    self._require_known_zone("EXDATE", given)
                self._spend(1 + ical_file.steps_to_read(getattr(moment, "tzinfo", None)))
                yield _date(moment.astimezone(zone) if isinstance(moment, datetime) and moment.tzinfo else moment)

    def _whole(self, first: date, days: int) -> Holiday:
        return Holiday(first, self.name, first + timedelta(days - 1) if days > 1 else None)

    def _parts(self, start: datetime, length: Length) -> Iterator[Holiday]:
        self._spend(ical_file.steps_to_read(start.tzinfo))
        opening, end = self._on_the_wall(start), self._on_the_wall(length.after(start))
        midnight = datetime.combine(opening.date(), time())
        while midnight < end:
            self._spend(1)
            opens = max((opening - midnight) // timedelta(seconds=1) * SECOND, 0)
            closes = min((end - midnight) // timedelta(seconds=1) * SECOND, DAY)
            if opens < closes:
                closed = () if (opens, closes) == (0, DAY) else (Window(opens, closes),)
                yield Holiday(midnight.date(), self.name, closed=closed)
            midnight += timedelta(1)

    def _on_the_wall(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone).replace(tzinfo=None, microsecond=0)

    def _spend(self, steps: int) -> None:
        self._budget.left -= steps
        if self._budget.left < 0:
            self._refuse("RRULE" if "RRULE" in self._event else "DTSTART", "takes longer to follow than a file may")

    def _refuse(self, name: str, reason: str) -> NoReturn:
        raise InvalidValue("ical", self._label, f"{name} {reason[:200]}")


_LEAP_DAY = MonthDay(2, 29)


def _on_its_date(start: date, first_year: int) -> Iterator[date]:
    """The event in each year until dates repeat, if the year has its date."""
    for year in range(first_year, first_year + _YEARS_UNTIL_ALL_RETURNS):
        try:
            yield start.replace(year=year)
        except ValueError:
            continue


def _yearly(holiday: Holiday) -> Holiday:
    return replace(holiday, day=_of_month(holiday.day), last=holiday.last and _of_month(holiday.last))


def _of_month(day: date | MonthDay) -> MonthDay:
    return MonthDay(day.month, day.day)


def _on(day: date, start: date) -> date:
    """The start of the event on another day."""
    return datetime.combine(day, start.timetz()) if isinstance(start, datetime) else day


def _date(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _is_after(moment: date, until: date | None) -> bool:
    """Compares two times as instants, a time and a date as dates."""
    if until is None:
        return False
    if not isinstance(moment, datetime) or not isinstance(until, datetime):
        return _date(moment) > _date(until)
    return moment > (until if until.tzinfo else until.replace(tzinfo=moment.tzinfo))


def _text(value: Any) -> str | None:
    first = value[0] if isinstance(value, list) and value else value
    return (str(first).strip()[:LONGEST_NAME] or None) if first is not None else None


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
