"""Where the days and hours of a zone begin, whatever its clocks do; nothing lies before 1970 or after 2100."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.calendar.local_time.zones import FIRST_YEAR, HORIZON, LAST_YEAR, offset_spans
from domain.calendar.rules.days import day_number
from domain.instants import DAY, HOUR, Instant, to_datetime

FIRST_DAY = date(FIRST_YEAR, 1, 1)
LAST_DAY = date(LAST_YEAR, 12, 31)


def day_start(zone: str, day: date) -> Instant:
    """The first instant at which the wall clock shows the day or a later one (a zone may skip a day altogether).

    The day begins in 1970 at the earliest, and with the year 2101 at the latest.
    """
    midnight = day_number(day) * DAY
    for span in offset_spans(zone, midnight - DAY, max(0, midnight) + DAY):
        at = max(span.start, midnight - span.offset)
        if at < span.end:
            return Instant(at)
    return Instant(HORIZON)


def hour_starts(zone: str, start: Instant, end: Instant) -> Iterator[Instant]:
    """`start`, and up to `end` every instant at which an hour of the wall clock begins or the clock is changed."""
    for span in offset_spans(zone, start, end):
        at = span.start
        while at < span.end:
            yield Instant(at)
            at += HOUR - (at + span.offset) % HOUR


def wall_clock(zone: str, instant: Instant) -> datetime:
    """The wall clock at an instant, with its offset."""
    return to_datetime(instant).astimezone(ZoneInfo(zone))
