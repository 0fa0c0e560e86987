"""An iCalendar feed (RFC 5545) as a rota: each event with its instants and the texts that may name somebody.

Events that repeat are written out for a month back and a year ahead. What cannot be read is left out.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from domain.errors import InvalidValue
from domain.instants import DAY, Instant, from_datetime, to_datetime
from domain.people.feeds import FeedEvent
from service.calendars.ical import file
from service.calendars.ical.event import Budget
from service.calendars.ical.moments import listed, text_of
from service.people.feed import Feed

KNOWN_FEEDS = 64
MOST_EVENTS = 3000
MOST_REPEATING = 100
DAYS_BACK, DAYS_AHEAD = 31, 366
MOST_STEPS = 1_000_000
"""What reading a feed may cost: a few seconds. Events in zones that the feed describes itself cost more than one."""
YEARS_BACK = 10
"""How long ago a rule may begin that is still followed."""
_LAST_YEARS = range(9949, 9977)
_FREQUENCIES = frozenset({"YEARLY", "MONTHLY", "WEEKLY", "DAILY"})
_UNREAD_PARTS = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND"})
_NIGHT = timedelta(1)


class Unreadable(Exception):
    """An event that is left out; the others of its feed are read."""


def read_feed(text: str, zone: str, day: int) -> Feed:
    """See `feed_of`; `day` is counted from the epoch. Whoever asks for what another thread is reading waits for it."""
    with _turn(text, zone, day):
        return _read(text, zone, day)


@lru_cache(maxsize=KNOWN_FEEDS)
def _turn(text: str, zone: str, day: int) -> threading.Lock:  # noqa: ARG001 - one for each feed
    return threading.Lock()


# Workers and the API ask for the same feed again and again.
@lru_cache(maxsize=KNOWN_FEEDS)
def _read(text: str, zone: str, day: int) -> Feed:
    components, _ = file.events(text)
    today = to_datetime(Instant(day * DAY))
    window = (today - timedelta(DAYS_BACK), today + timedelta(DAYS_AHEAD))
    changed = _changed_instances(components, ZoneInfo(zone))
    found: list[FeedEvent] = []
    unread = repeating = 0
    budget = Budget(MOST_STEPS)
    for component in components:
        repeating += "RRULE" in component
        if repeating > MOST_REPEATING:
            raise InvalidValue("ical", f"{repeating} events", f"must have at most {MOST_REPEATING} that repeat")
        try:
            found += _events(component, ZoneInfo(zone), window, changed, budget)
        except (Unreadable, ValueError, TypeError, AttributeError, KeyError, OverflowError, InvalidValue):
            unread += 1
        if budget.left < 0:
            raise InvalidValue("ical", f"{len(components)} events", "must not take so long to read")
        if len(found) > MOST_EVENTS:
            raise InvalidValue("ical", f"{len(found)} events", f"must come to at most {MOST_EVENTS} events")
    if unread and not found:
        raise InvalidValue("ical", f"{unread} events", "must have an event that can be read")
    return Feed(tuple(sorted(found, key=lambda one: (one.start, one.end, one.summary))), unread)


def _events(
    component: Any,
    zone: ZoneInfo,
    window: tuple[datetime, datetime],
    changed: Mapping[str, set[datetime]],
    budget: Budget,
) -> Iterator[FeedEvent]:
    if (text_of(component.get("STATUS")) or "").upper() == "CANCELLED":
        return
    if component.errors or "DTSTART" not in component or "RDATE" in component or "EXRULE" in component:
        raise Unreadable
    starts, clock = _local(component["DTSTART"].dt, component["DTSTART"].params, zone)
    length = _length(component, starts, clock, zone)
    summary, attendees = text_of(component.get("SUMMARY")) or "", _attendees(component)
    left_out = _left_out(component, zone)
    if "RECURRENCE-ID" not in component:
        left_out |= changed.get(str(component.get("UID") or ""), set())
    for moment in _moments(component, starts, clock, window):
        budget.left -= 1 + 4 * file.steps_to_read(clock)
        if budget.left < 0:
            return
        start, end = _in(moment, clock), _in(moment + length, clock)
        if start < end and start not in left_out:
            yield FeedEvent(from_datetime(start), from_datetime(end), summary, attendees)


def _moments(component: Any, starts: datetime, clock: tzinfo, window: tuple[datetime, datetime]) -> Iterator[datetime]:
    """Every start by the wall clock of the event; of one that repeats, those near the window."""
    if "RRULE" not in component:
        yield starts
        return
    parts = dict(part.split("=", 1) for part in component["RRULE"].to_ical().decode().upper().split(";"))
    if parts.get("FREQ") not in _FREQUENCIES or _UNREAD_PARTS & parts.keys():
        raise Unreadable
    if starts < window[0].replace(tzinfo=None) - timedelta(YEARS_BACK * 366):
        raise Unreadable
    until, count = _until(component["RRULE"], clock), int(parts.get("COUNT", 0))
    spelled = ";".join(f"{name}={value}" for name, value in parts.items() if name not in ("UNTIL", "COUNT"))
    first = (window[0] - timedelta(DAYS_BACK)).replace(tzinfo=None)
    # dateutil follows a rule that has no date, such as 31 February, to the year 9999. There it does not take long.
    later = _years_until_the_end(starts)
    rule = rrulestr(spelled, dtstart=_moved(starts, later))
    last = _moved(window[1].replace(tzinfo=None), later)
    for number, moved in enumerate(rule.replace(until=last), 1):
        moment = _moved(moved, -later)
        if (count and number > count) or (until is not None and moment > until):
            return
        # By the wall clock, which no zone of the feed's own makes slow.
        if moment >= first:
            yield moment


def _years_until_the_end(start: datetime) -> int:
    """How many years later the calendar is the same, for the twenty years that follow, and soon over.

    Weekdays and leap years come in the same order every 28 years, as long as no century lies in between.
    """
    weekday, phase = date(start.year, 1, 1).weekday(), start.year % 4
    same = (year for year in _LAST_YEARS if date(year, 1, 1).weekday() == weekday and year % 4 == phase)
    return next(same) - start.year


def _moved(moment: datetime, years: int) -> datetime:
    return moment.replace(year=moment.year + years)


def _until(rule: Any, clock: tzinfo) -> datetime | None:
    """By the wall clock of the event; a date counts to its end."""
    given = next(iter(rule.get("UNTIL") or ()), None)
    if given is None:
        return None
    if not isinstance(given, datetime):
        return datetime.combine(given, time.max)
    return given if given.tzinfo is None else given.astimezone(clock).replace(tzinfo=None)


def _length(component: Any, starts: datetime, clock: tzinfo, zone: ZoneInfo) -> timedelta:
    """By the wall clock: what ends at eight ends at eight in each of its repetitions."""
    if "DTEND" in component:
        ends, other = _local(component["DTEND"].dt, component["DTEND"].params, zone)
        return _in(ends, other).astimezone(clock).replace(tzinfo=None) - starts
    if "DURATION" in component:
        length: timedelta = component["DURATION"].dt
        return length
    return timedelta(0) if isinstance(component["DTSTART"].dt, datetime) else _NIGHT


def _local(moment: date, params: Mapping[str, Any], zone: ZoneInfo) -> tuple[datetime, tzinfo]:
    """The time by its wall clock, and that clock."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time()), zone
    if moment.tzinfo is None and "TZID" in params:
        raise Unreadable
    return moment.replace(tzinfo=None), moment.tzinfo or zone


def _in(local: datetime, clock: tzinfo) -> datetime:
    return local.replace(tzinfo=clock).astimezone(UTC)


def _attendees(component: Any) -> tuple[str, ...]:
    texts = []
    for one in listed(component.get("ATTENDEE")):
        texts += [str(one).strip(), str(one).strip().lower().removeprefix("mailto:"), str(one.params.get("CN", ""))]
    return tuple(dict.fromkeys(text.strip('" ') for text in texts if text.strip('" ')))


def _left_out(component: Any, zone: ZoneInfo) -> set[datetime]:
    excepted = (moment for given in listed(component.get("EXDATE")) for moment in given.dts)
    return {_in(*_local(moment.dt, {}, zone)) for moment in excepted}


def _changed_instances(components: Iterable[Any], zone: ZoneInfo) -> Mapping[str, set[datetime]]:
    """The starts that other events of the same id replace."""
    found: dict[str, set[datetime]] = {}
    for one in components:
        if "RECURRENCE-ID" in one and isinstance(getattr(one["RECURRENCE-ID"], "dt", None), date):
            replaced = _in(*_local(one["RECURRENCE-ID"].dt, {}, zone))
            found.setdefault(str(one.get("UID") or ""), set()).add(replaced)
    return found
