"""Where the days and hours of a zone begin, whatever its clocks do; nothing lies before 1970 or after 2100."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.calendar.days import day_number
from domain.calendar.zones import FIRST_YEAR, HORIZON, LAST_YEAR, OffsetSpan, segments
from domain.instants import DAY, HOUR, Instant, to_datetime

FIRST_DAY = date(FIRST_YEAR, 1, 1)
LAST_DAY = date(LAST_YEAR, 12, 31)


def day_start(zone: str, day: date) -> Instant:
    """The first instant at which the wall clock shows the day or a later one (a zone may skip a day altogether)."""
    midnight = day_number(day) * DAY
    for stretch in stretches(zone, midnight - DAY, midnight + DAY):
        at = max(stretch.start, midnight - stretch.offset)
        if at < stretch.end:
            return Instant(at)
    return Instant(HORIZON)


def hour_starts(zone: str, start: Instant, end: Instant) -> Iterator[Instant]:
    """`start`, and up to `end` every instant at which an hour of the wall clock begins or the clock is changed."""
    for stretch in stretches(zone, start, end):
        at, until = max(start, stretch.start), min(end, stretch.end)
        while at < until:
            yield Instant(at)
            at += HOUR - (at + stretch.offset) % HOUR


def stretches(zone: str, start: int, end: int) -> Iterator[OffsetSpan]:
    """The stretches of constant offset around `[start, end)`, each as long as its years let it be."""
    held: OffsetSpan | None = None
    for year in range(_year(start), _year(end) + 1):
        for part in segments(zone, year):
            if held is None or held.offset == part.offset:
                held = part if held is None else OffsetSpan(held.start, part.end, held.offset)
            else:
                yield held
                held = part
    if held is not None:
        yield held


def local(zone: str, instant: Instant) -> datetime:
    """The wall clock at an instant, with its offset."""
    return to_datetime(instant).astimezone(ZoneInfo(zone))


def _year(instant: int) -> int:
    return min(max(to_datetime(Instant(instant)).year, FIRST_YEAR), LAST_YEAR)
