"""One event of an iCalendar file, and the holidays that it makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from domain.calendar import Holiday, MonthDay, Window
from domain.calendar.rules.holidays import MAX_RANGE
from domain.errors import InvalidValue
from domain.instants import DAY, SECOND
from service.calendars.ical import file
from service.calendars.ical.moments import (
    Length,
    date_of,
    every_year,
    is_after,
    listed,
    moved_to,
    text_of,
    years_until_dates_repeat,
)
from service.calendars.recurrence import OnceAYear, rule_of
from service.calendars.yearly import YearlyRule

MOST_STEPS = 500_000
"""The most dates that the rules of a file may visit: a second or two."""
FIRST_YEAR, LAST_YEAR = 1900, 2100
CHANGED = "RECURRENCE-ID"
_UNREAD = ("RDATE", "EXRULE")
_LEAP_DAY = MonthDay(2, 29)


@dataclass
class Budget:
    """The number of steps that a file may still take."""

    left: int = MOST_STEPS


class UnreadEvent(Exception):
    """An event that cannot be read; the other events of its file can."""

    def __init__(self, label: str, reason: str) -> None:
        super().__init__(label, reason)
        self.label, self.reason = label, reason


class CalendarEvent:
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
        self.name = text_of(event.get("SUMMARY"))
        self._label = f"event {number}" + (f" ({self.name})" if self.name else "")

    def holidays(self) -> Iterator[Holiday]:
        """The holidays of the event; none for a cancelled event and for one that takes no time."""
        self._require_readable()
        if (text_of(self._event.get("STATUS")) or "").upper() == "CANCELLED":
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
            tuple(every_year(one) for one in self._at(moment, length))
            for moment in years_until_dates_repeat(start, self._years.start)
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
        for name in ("DTSTART", "DTEND", "DURATION", "RRULE", CHANGED):
            if isinstance(self._event.get(name), list):
                self._refuse(name, "must stand there once")
        if "DTSTART" not in self._event:
            self._refuse("DTSTART", "must be given")
        if CHANGED in self._event:
            self._require_one_instance()

    def _require_one_instance(self) -> None:
        self._moment(CHANGED)
        if "RANGE" in self._event[CHANGED].params:
            self._refuse(CHANGED, "has RANGE, which is not read")
        if "RRULE" in self._event:
            self._refuse("RRULE", f"must not stand beside {CHANGED}")

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
                moment = moved_to(day, start)
                if day not in left_out and not is_after(moment, rule.until):
                    yield moment
        except ValueError as error:
            self._refuse("RRULE", str(error))

    def _left_out(self, start: date) -> Iterator[date]:
        """The excepted dates and those of instances that were changed, in the event's zone."""
        zone = start.tzinfo if isinstance(start, datetime) else self._zone
        for given in listed(self._event.get("EXDATE")):
            for moment in (one.dt for one in getattr(given, "dts", ())):
                if not isinstance(moment, date) or not FIRST_YEAR <= moment.year <= LAST_YEAR:
                    self._refuse("EXDATE", f"must be dates between {FIRST_YEAR} and {LAST_YEAR}")
                if isinstance(moment, datetime) and moment.tzinfo is None:
                    self._require_known_zone("EXDATE", given)
                yield self._in_zone(moment, zone)
        for changed in self._changed:
            yield self._in_zone(changed.dt, zone)

    def _in_zone(self, moment: date, zone: Any) -> date:
        self._spend(1 + file.steps_to_read(getattr(moment, "tzinfo", None)))
        return date_of(moment.astimezone(zone) if isinstance(moment, datetime) and moment.tzinfo else moment)

    def _whole(self, first: date, days: int) -> Holiday:
        return Holiday(first, self.name, first + timedelta(days - 1) if days > 1 else None)

    def _parts(self, start: datetime, length: Length) -> Iterator[Holiday]:
        self._spend(file.steps_to_read(start.tzinfo))
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
        raise UnreadEvent(self._label, f"{name} {reason[:200]}")
