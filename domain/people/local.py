"""Instants of what a wall clock shows, so that a handover comes once on every day, whatever the clocks do."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from domain.calendar.local_time.zones import offset_at, offset_spans
from domain.errors import InvalidValue
from domain.instants import DAY, HOUR, MINUTE, Instant

FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)
_EPOCH = date(1970, 1, 1)
_LONGEST_OFFSET = 26 * HOUR
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T([0-9:]{5}))?")

WallInstant = int
"""Microseconds from 1970-01-01 00:00 on, by the wall clock of a zone that is known."""


def instant_of(zone: str, wall: WallInstant) -> Instant:
    """When the clocks show that. What they show twice counts the first time; what they skip, when they skip it.

    In Berlin 2026-03-29 02:30 is the instant at which 02:00 becomes 03:00. A later wall time is never an earlier
    instant.
    """
    for span in offset_spans(zone, wall - _LONGEST_OFFSET, wall + _LONGEST_OFFSET):
        if (instant := wall - span.offset) < span.end:
            return Instant(max(instant, span.start))
    raise InvalidValue("instant", wall, "must lie between the years 1970 and 2100")


def wall_of(zone: str, at: Instant) -> WallInstant:
    """What the clocks show at an instant."""
    return at + offset_at(zone, at)


def midnight(zone: str, at: Instant) -> Instant:
    """When the date of an instant begins in the zone."""
    return instant_of(zone, wall_of(zone, at) // DAY * DAY)


def wall_at(day: date, time: int) -> WallInstant:
    """The wall time of a date; `time` counts microseconds from 00:00 on."""
    return (day - _EPOCH).days * DAY + time


def require_date(value: Any, field: str) -> date:
    """Raises InvalidValue for what is no date between 2000 and 2099."""
    try:
        found = date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-03-02") else None
    except ValueError:
        found = None
    if found is None or not FIRST <= found <= LAST:
        raise InvalidValue(field, value, "must be a date such as 2026-03-02, from 2000 to 2099")
    return found


def require_time(value: Any, field: str) -> int:
    """Microseconds from 00:00 on. Raises InvalidValue."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidValue(field, value, "must be a time of day such as 09:00")
    return int(found[1]) * HOUR + int(found[2]) * MINUTE


def render_time(time: int) -> str:
    return f"{time // HOUR:02}:{time % HOUR // MINUTE:02}"


def require_moment(value: Any, field: str) -> tuple[date, int | None]:
    """A date, with a time of day where one is written: `2026-12-24`, `2026-12-24T18:00`. Raises InvalidValue."""
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidValue(field, value, "must be a date such as 2026-12-24, or 2026-12-24T18:00")
    return require_date(found[1], field), None if found[2] is None else require_time(found[2], field)
