"""Reading an iCalendar file: each of its events, and what is left out and named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from domain.calendar import Holiday
from domain.errors import InvalidValue
from service.calendars.ical import file
from service.calendars.ical.event import CHANGED, Budget, CalendarEvent, UnreadEvent
from service.calendars.public import YEARS_AHEAD, YEARS_BACK

MOST_EVENTS = 1000
MOST_HOLIDAYS = 2000


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


def read(text: str, zone: str, year: int, *, strict: bool = False) -> Imported:
    """The holidays of a file. Rules are written out from the year before `year` to five years ahead.

    An event that cannot be read is left out and named; a `strict` reader refuses the whole file for it. Raises
    InvalidValue for the field `ical`, naming the line, or the event and its property: of a strict reader, of a file
    that is too large or none, and of one without any event that can be read.
    """
    events, lines = file.events(text)
    if len(events) > MOST_EVENTS:
        raise InvalidValue("ical", f"{len(events)} events", f"must be at most {MOST_EVENTS} events")
    years = range(year - YEARS_BACK, year + YEARS_AHEAD + 1)
    reading = _FileReading(zone, years, strict)
    for line, reason in lines:
        reading.leave_out(line, reason)
    for number, event in _changed_instances_first(events):
        reading.take(event, number)
    return reading.finished(len(events))


def _changed_instances_first(events: list[Any]) -> list[tuple[int, Any]]:
    """The events with their numbers. What replaces an instance must be known before the event of that instance."""
    return sorted(enumerate(events, 1), key=lambda one: (CHANGED not in one[1], one[0]))


class _FileReading:
    """One file on its way to its holidays."""

    def __init__(self, zone: str, years: range, strict: bool) -> None:
        self._zone, self._years, self._strict = zone, years, strict
        self._budget = Budget()
        self._found: dict[int, list[Holiday]] = {}
        self._changed: dict[str, list[Any]] = {}
        self._unread: list[Unread] = []

    def take(self, event: Any, number: int) -> None:
        uid = str(event.get("UID") or "")
        is_change = CHANGED in event
        try:
            read = CalendarEvent(event, number, self._zone, self._years, self._budget, self._changed_of(uid, is_change))
            self._found[number] = list(self._counted(read.holidays(), number))
        except UnreadEvent as refusal:
            self.leave_out(refusal.label, refusal.reason)
            return
        if is_change and uid:
            self._changed.setdefault(uid, []).append(event[CHANGED])

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
