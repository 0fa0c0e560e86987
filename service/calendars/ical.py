"""Holidays from an iCalendar file (RFC 5545), as calendar programs and public authorities publish them.

An all-day event closes its dates. A timed event closes its part of each date, in the zone of the calendar for which it
is read; its rule is followed in its own zone.

An instance of an event that was moved or changed (RECURRENCE-ID) takes the place of what the rule says.

An event that returns every year on its date becomes a holiday of every year, also of the years before its first. An
event that returns otherwise (on a weekday of a month, with until, count or exceptions, or with an end that leap years
or clock changes move) is written out for the years around the present one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
from service.calendars.recurrence import OnceAYear, rule_of
from service.calendars.yearly import YearlyRule

MOST_EVENTS = 1000
MOST_HOLIDAYS = 2000
MOST_STEPS = 500_000
"""The most dates that the rules of a file may visit: a second or two."""
LONGEST_NAME = 200
FIRST_YEAR, LAST_YEAR = 1900, 2100
_CHANGED = "RECURRENCE-ID"
_UNREAD = ("RDATE", "EXRULE")
_YEARS_UNTIL_ALL_RETURNS = 28
"""After so many years weekdays, leap years and clock changes repeat in the same order."""


@dataclass(frozen=True, slots=True)
class Unread:
    """An event, or a line of the file, that was not read, and why."""

    event: str
    reason: str


@dataclass
class Imported:
    """`skipped` is the number of cancelled events and of events that take no time; `unread` are those not read."""

    holidays: list[Holiday] = field(default_factory=list)
    skipped: int = 0
    unread: list[Unread] = field(default_factory=list)


@dataclass
class Budget:
    """The number of steps that a file may still take."""

    left: int = MOST_STEPS


class _UnreadEvent(Exception):
    """An event that cannot be read; the other events of its file can."""

    def __init__(self, label: str, reason: str) -> None:
        super().__init__(label, reason)
        self.label, self.reason = label, reason


def read(text: str, zone: str, year: int, *, strict: bool = False) -> Imported:
    """The holidays of a file. Rules are written out from the year before `year` to five years ahead.

    An event that cannot be read is left out and named; a `strict` reader refuses the whole file for it. Raises
    InvalidValue for the field `ical`, naming the line, or the event and its property: of a strict reader, of a file
    that is too large or none, and of one without any event that can be read.
    """
    events, lines = ical_file.events(text)
    if len(events) > MOST_EVENTS:
        raise InvalidValue("ical", f"{len(events)} events", f"must be at most {MOST_EVENTS} events")
    years = range(year - YEARS_BACK, year + YEARS_AHEAD + 1)
    reading = _Reading(zone, years, strict)
    for line, reason in lines:
        reading.leave_out(line, reason)
    for number, event in _changed_instances_first(events):
        reading.take(event, number)
    return reading.finished(len(events))


def _changed_instances_first(events: list[Any]) -> list[tuple[int, Any]]:
    """The events with their numbers. What replaces an instance must be known before the event of that instance."""
    return sorted(enumerate(events, 1), key=lambda one: (_CHANGED not in one[1], one[0]))


class _Reading:
    """One file on its way to its holidays."""

    def __init__(self, zone: str, years: range, strict: bool) -> None:
        self._zone, self._years, self._strict = zone, years, strict
        self._budget = Budget()
        self._found: dict[int, list[Holiday]] = {}
        self._changed: dict[str, list[Any]] = {}
        self._unread: list[Unread] = []

    def take(self, event: Any, number: int) -> None:
        uid = str(event.get("UID") or "")
        is_change = _CHANGED in event
        try:
            read = _Event(event, number, self._zone, self._years, self._budget, self._changed_of(uid, is_change))
            self._found[number] = list(self._counted(read.holidays(), number))
        except _UnreadEvent as refusal:
            self.leave_out(refusal.label, refusal.reason)
            return
        if is_change and uid:
            self._changed.setdefault(uid, []).append(event[_CHANGED])

    def leave_out(self, label: str, reason: str) -> None:
        if self._strict:
            raise InvalidValue("ical", label, reason)
        self._unread.append(Unread(label, reason))

    def finished(self, events: int) -> Imported:
        if self._unread and events and not self._found:
            raise InvalidValue("ical", self._unread[0].event, self._unread[0].reason)
        in_order = [self._found[number] for number in sorted(self._found)]
        holidays = [holiday for of_event in in_order for holiday in of_event]
        return Imported(holidays, sum(not of_event for of_event in in_order), self._unread)

    def _changed_of(self, uid: str, is_change: bool) -> list[Any]:
        return [] if is_change else self._changed.get(uid, [])

    def _counted(self, holidays: Iterator[Holiday], number: int) -> Iterator[Holiday]:
        before = sum(map(len, self._found.values()))
        for count, holiday in enumerate(holidays, before + 1):
            if count > MOST_HOLIDAYS:
                raise InvalidValue("ical", f"event {number}", f"must come to at most {MOST_HOLIDAYS} holidays")
            yield holiday


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

    def __init__(
        self, event: Any, number: int, zone: str, years: range, budget: Budget, changed: Sequence[Any]
    ) -> None:
        """`changed` are the RECURRENCE-IDs of its instances that other events replace."""
        self._event = event
        self._changed = changed
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
        start = self._start()
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
        for name in ("DTSTART", "DTEND", "DURATION", "RRULE", _CHANGED):
            if isinstance(self._event.get(name), list):
                self._refuse(name, "must stand there once")
        if "DTSTART" not in self._event:
            self._refuse("DTSTART", "must be given")
        if _CHANGED in self._event:
            self._require_one_instance()

    def _require_one_instance(self) -> None:
        self._moment(_CHANGED)
        if "RANGE" in self._event[_CHANGED].params:
            self._refuse(_CHANGED, "has RANGE, which is not read")
        if "RRULE" in self._event:
            self._refuse("RRULE", f"must not stand beside {_CHANGED}")

    def _length(self, start: date) -> Length:
        length = self._until_end(start) if "DTEND" in self._event else self._duration()
        if not timedelta(0) <= length.nominal <= timedelta(MAX_RANGE):
            self._refuse("DTEND", f"must lie up to {MAX_RANGE} days after DTSTART")
        if isinstance(start, datetime):
            return length
        # Many programs write a day that ends where it begins.
        return Length(max(length.nominal, timedelta(1)))

    def _start(self) -> date:
        """The start; of a date that ends at a time other than midnight its midnight, where that time is read."""
        start: date = self._moment("DTSTART")
        if isinstance(start, datetime) or "DTEND" not in self._event:
            return start
        end = self._moment("DTEND")
        if not isinstance(end, datetime) or end.time() == time():
            return start
        return datetime.combine(start, time(), end.tzinfo)

    def _until_end(self, start: date) -> Length:
        end = self._moment("DTEND")
        # Some programs write a date and a time in one event. A date is its midnight, on the clock of the other.
        if isinstance(end, datetime) and not isinstance(start, datetime):
            end = end.date()
        elif isinstance(start, datetime) and not isinstance(end, datetime):
            end = datetime.combine(end, time(), start.tzinfo)
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
        if "RRULE" not in self._event or "EXDATE" in self._event or self._changed:
            return False
        rule = self._rule(start)
        return isinstance(rule, YearlyRule) and rule.is_plain(start)

    def _rule(self, start: date) -> YearlyRule | OnceAYear:
        try:
            return rule_of(self._event["RRULE"], start)
        except ValueError as error:
            self._refuse("RRULE", str(error))

    def _occurrences(self, start: date) -> Iterator[date]:
        if "RRULE" not in self._event:
            yield start
            return
        rule, left_out = self._rule(start), set(self._left_out(start))
        try:
            for day in rule.dates(start, self._years, self._spend):
                moment = _on(day, start)
                if day not in left_out and not _is_after(moment, rule.until):
                    yield moment
        except ValueError as error:
            self._refuse("RRULE", str(error))

    def _left_out(self, start: date) -> Iterator[date]:
        """The excepted dates and those of instances that were changed, in the event's zone."""
        zone = start.tzinfo if isinstance(start, datetime) else self._zone
        for given in _listed(self._event.get("EXDATE")):
            for moment in (one.dt for one in getattr(given, "dts", ())):
                if not isinstance(moment, date) or not FIRST_YEAR <= moment.year <= LAST_YEAR:
                    self._refuse("EXDATE", f"must be dates between {FIRST_YEAR} and {LAST_YEAR}")
                if isinstance(moment, datetime) and moment.tzinfo is None:
                    self._require_known_zone("EXDATE", given)
                yield self._in_zone(moment, zone)
        for changed in self._changed:
            yield self._in_zone(changed.dt, zone)

    def _in_zone(self, moment: date, zone: Any) -> date:
        self._spend(1 + ical_file.steps_to_read(getattr(moment, "tzinfo", None)))
        return _date(moment.astimezone(zone) if isinstance(moment, datetime) and moment.tzinfo else moment)

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
            name = "RRULE" if "RRULE" in self._event else "DTSTART"
            raise InvalidValue("ical", self._label, f"{name} takes longer to follow than a file may")

    def _refuse(self, name: str, reason: str) -> NoReturn:
        raise _UnreadEvent(self._label, f"{name} {reason[:200]}")


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
