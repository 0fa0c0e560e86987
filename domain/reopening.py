"""Taking a closure out of business hours again, whatever else has become of them meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from domain.calendar import Calendar
from domain.calendar.days import DatedWindows
from domain.calendar.holidays import Holiday


def reopened(now: Calendar, before: Calendar, closed: Calendar) -> Calendar:
    """The calendar as it is now without what a closure added on the way from `before` to `closed`.

    Other closures and edits stay; of what the closure added nothing is taken out that is no longer there as it left it.
    """
    return replace(
        now,
        holidays=_without(now.holidays, Counter(closed.holidays) - Counter(before.holidays)),
        breaks=_breaks(now, before, closed),
    )


def _without(holidays: Iterable[Holiday], added: Counter[Holiday]) -> tuple[Holiday, ...]:
    """Of several that are alike only as many go as were added."""
    kept = []
    for holiday in holidays:
        if added[holiday] > 0:
            added[holiday] -= 1
        else:
            kept.append(holiday)
    return tuple(kept)


def _breaks(now: Calendar, before: Calendar, closed: Calendar) -> tuple[DatedWindows, ...]:
    were, left, breaks = dict(before.breaks), dict(closed.breaks), dict(now.breaks)
    for day, windows in left.items():
        if were.get(day) != windows and breaks.get(day) == windows:
            breaks[day] = were.get(day, ())
    return tuple((day, windows) for day, windows in sorted(breaks.items()) if windows)
