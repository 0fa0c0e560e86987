"""Holidays out of an iCalendar file (RFC 5545), as calendar programs and public authorities hand them out.

An all-day event closes its dates, a timed one its part of each date, in the zone of the calendar it is read for. An
event that returns every year on its date becomes a holiday of every year, also of those before its first. What returns
every year otherwise (a weekday of a month, until, count, exceptions) is written out for the years around.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import icalendar

from api.calendars.public import YEARS_AHEAD, YEARS_BACK
from api.calendars.yearly import YearlyRule
from domain.calendar import Holiday, MonthDay, Window
from domain.calendar.holidays import MAX_RANGE
from domain.errors import InvalidValue
from domain.instants import DAY, SECOND

MOST_EVENTS = 1000
MOST_HOLIDAYS = 2000
LONGEST_NAME = 200
FIRST_YEAR, LAST_YEAR = 1900, 2100
_UNREAD = ("RDATE", "EXRULE", "RECURRENCE-ID")


@dataclass
class Imported:
    """`skipped` counts cancelled events and those that take no time."""

    holidays: list[Holiday] = field(default_factory=list)
    skipped: int = 0


def read(text: str, zone: str, year: int) -> Imported:
    """The holidays of a file, rules written out from the year before to five ahead.

    Raises InvalidValue of the field `ical` that names the line, or the event and its property.
    """
    events = _parsed(text).walk("VEVENT")
    if len(events) > MOST_EVENTS:
        raise InvalidValue("ical", f"{len(events)} events", f"must be at most {MOST_EVENTS} events")
    years = range(year - YEARS_BACK, year + YEARS_AHEAD + 1)
    imported = Imported()
    for number, event in enumerate(events, 1):
        found = list(_Event(event, number, zone, years).holidays())
        imported.holidays += found
        imported.skipped += not found
        if len(imported.holidays) > MOST_HOLIDAYS:
            raise InvalidValue("ical", f"event {number}", f"must come to at most {MOST_HOLIDAYS} holidays")
    return imported


def _parsed(text: str) -> Any:
    try:
        found = icalendar.Calendar.from_ical(text, multiple=True)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise InvalidValue("ical", text[:80], f"is no iCalendar file: {str(error)[:200]}") from None
    if len(found) != 1 or found[0].name != "VCALENDAR" or not text.rstrip().upper().endswith("END:VCALENDAR"):
        raise InvalidValue("ical", text[:80], "must be one calendar, from BEGIN:VCALENDAR to END:VCALENDAR")
    for line, reason in found[0].errors:
        raise InvalidValue("ical", line, str(reason)[:200])
    return found[0]


class _Event:
    """One event, as often as it happens."""

    def __init__(self, event: Any, number: int, zone: str, years: range) -> None:
        self._event = event
        self._zone = ZoneInfo(zone)
        self._years = years
        self.name = _text(event.get("SUMMARY"))
        self._label = f"event {number}" + (f" ({self.name})" if self.name else "")

    def holidays(self) -> Iterator[Holiday]:
        """None for a cancelled event and for one that takes no time."""
        self._require_readable()
        if _text(self._event.get("STATUS")) == "CANCELLED":
            return
        start, length = self._start_and_length()
        if isinstance(start, datetime):
            for day in self._days(start.date()):
                yield from self._parts(datetime.combine(day, start.time()), length)
        elif self._returns_on_its_date(start):
            yield self._whole(start, length.days, yearly=True)
        else:
            for day in self._days(start):
                yield self._whole(day, length.days)

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

    def _start_and_length(self) -> tuple[date, timedelta]:
        start, end = self._moment("DTSTART"), self._moment("DTEND") if "DTEND" in self._event else None
        if end is not None and isinstance(end, datetime) is not isinstance(start, datetime):
            self._refuse("DTEND", "must be a date if DTSTART is one, and a time if it is a time")
        whole_day = timedelta(0 if isinstance(start, datetime) else 1)
        length = end - start if end is not None else self._duration(whole_day)
        if not timedelta(0) <= length <= timedelta(MAX_RANGE):
            self._refuse("DTEND", f"must lie up to {MAX_RANGE} days after DTSTART")
        # Many programs give a day that ends where it begins.
        return start, max(length, whole_day)

    def _duration(self, otherwise: timedelta) -> timedelta:
        given = getattr(self._event.get("DURATION"), "dt", otherwise)
        return given if isinstance(given, timedelta) else self._refuse("DURATION", "must be a duration")

    def _moment(self, name: str) -> Any:
        """A date, or a time on the wall of the zone."""
        given = self._event[name]
        moment = getattr(given, "dt", None)
        if not isinstance(moment, date):
            self._refuse(name, "must be a date or a time")
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self._refuse(name, f"must lie between {FIRST_YEAR} and {LAST_YEAR}")
        if not isinstance(moment, datetime):
            return moment
        if moment.tzinfo is None and "TZID" in given.params:
            self._refuse(name, f"is in a time zone that is not known, {given.params['TZID']}")
        here = moment if moment.tzinfo is None else moment.astimezone(self._zone)
        return here.replace(tzinfo=None, microsecond=0)

    def _returns_on_its_date(self, start: date) -> bool:
        return "RRULE" in self._event and "EXDATE" not in self._event and self._rule().is_plain(start)

    def _rule(self) -> YearlyRule:
        try:
            return YearlyRule.read(self._event["RRULE"])
        except ValueError as error:
            self._refuse("RRULE", str(error))

    def _days(self, start: date) -> Iterator[date]:
        if "RRULE" not in self._event:
            yield start
            return
        left_out = {self._local_date(one.dt) for one in _listed(self._event.get("EXDATE"))}
        for day in self._rule().dates(start, self._years):
            if day not in left_out:
                yield day

    def _local_date(self, moment: Any) -> date:
        if not isinstance(moment, date) or not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self._refuse("EXDATE", f"must be dates between {FIRST_YEAR} and {LAST_YEAR}")
        if not isinstance(moment, datetime):
            return moment
        return (moment.astimezone(self._zone) if moment.tzinfo else moment).date()

    def _whole(self, first: date, days: int, *, yearly: bool = False) -> Holiday:
        last = first + timedelta(days - 1)
        if yearly:
            ends = MonthDay(last.month, last.day) if days > 1 else None
            return Holiday(MonthDay(first.month, first.day), self.name, ends)
        return Holiday(first, self.name, last if days > 1 else None)

    def _parts(self, start: datetime, length: timedelta) -> Iterator[Holiday]:
        end, midnight = start + length, datetime.combine(start.date(), time())
        while midnight < end:
            opens = max((start - midnight) // timedelta(seconds=1) * SECOND, 0)
            closes = min((end - midnight) // timedelta(seconds=1) * SECOND, DAY)
            if opens < closes:
                closed = () if (opens, closes) == (0, DAY) else (Window(opens, closes),)
                yield Holiday(midnight.date(), self.name, closed=closed)
            midnight += timedelta(1)

    def _refuse(self, name: str, reason: str) -> NoReturn:
        raise InvalidValue("ical", self._label, f"{name} {reason[:200]}")


def _text(value: Any) -> str | None:
    first = value[0] if isinstance(value, list) and value else value
    return (str(first).strip()[:LONGEST_NAME] or None) if first is not None else None


def _listed(value: Any) -> list[Any]:
    lists = value if isinstance(value, list) else [] if value is None else [value]
    return [one for each in lists for one in getattr(each, "dts", ())]
