"""Takes a closure out of business hours again, whatever else was changed in them meanwhile."""

from __future__ import annotations

from dataclasses import replace

from domain.calendar import Calendar
from domain.calendar.rules.days import DatedWindows


def reopened(now: Calendar, before: Calendar, closed: Calendar) -> Calendar:
    """The calendar as it is now, without what a closure added on the way from `before` to `closed`.

    Other closures and edits stay. What the closure added and somebody has changed since stays as well.
    """
    added = set(closed.holidays) - set(before.holidays)
    kept = tuple(holiday for holiday in now.holidays if holiday not in added)
    return replace(now, holidays=kept, breaks=_breaks(now, before, closed))


def _breaks(now: Calendar, before: Calendar, closed: Calendar) -> tuple[DatedWindows, ...]:
    were, left, breaks = dict(before.breaks), dict(closed.breaks), dict(now.breaks)
    for day, windows in left.items():
        if were.get(day) != windows and breaks.get(day) == windows:
            breaks[day] = were.get(day, ())
    return tuple((day, windows) for day, windows in sorted(breaks.items()) if windows)
