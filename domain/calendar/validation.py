"""The checks of a calendar's fields, whoever constructs it; every refusal names the path inside the calendar."""

from __future__ import annotations

from datetime import date
from operator import attrgetter
from typing import Any

from domain.calendar.local_time.times import Window
from domain.calendar.rules.days import DatedWindows
from domain.calendar.rules.holidays import Holiday
from domain.calendar.rules.public import PublicHolidays
from domain.errors import InvalidValue

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_WINDOWS = 100
"""Per day; keeps a hostile calendar from costing more than a real one."""

MAX_RANGE_DAYS = 20_000
"""Dates in all ranges of holidays together, for the same reason."""


_ORDER = attrgetter("order")


def require_week(week: Any) -> None:
    if not isinstance(week, tuple) or len(week) != len(WEEKDAYS):
        raise InvalidValue("weekly_hours", week, "must hold the windows of seven weekdays")
    for weekday, windows in zip(WEEKDAYS, week, strict=True):
        _require_windows(windows, "weekly_hours", weekday)


def require_working_time(week: tuple[tuple[Window, ...], ...]) -> None:
    if not any(week):
        raise InvalidValue("weekly_hours", {}, "no working time: at least one weekday needs a window")


def require_holidays(holidays: Any) -> tuple[Holiday, ...]:
    """The holidays in the order of their dates, those of every year first; several names may share a date.

    Raises InvalidValue for anything but holidays, and for ranges of more than 20,000 dates together.
    """
    if not isinstance(holidays, tuple) or not _all_are(Holiday, holidays):
        raise InvalidValue("holidays", holidays, "must be holidays")
    ranges = sum([holiday.length for holiday in holidays if holiday.last is not None])
    if ranges > MAX_RANGE_DAYS:
        raise InvalidValue("holidays", f"{ranges} dates", f"must be at most {MAX_RANGE_DAYS} dates in ranges")
    ordered = sorted(holidays, key=_ORDER)
    return tuple(dict(zip(map(_ORDER, ordered), ordered, strict=True)).values())


def require_public(public: Any) -> tuple[PublicHolidays, ...]:
    """The public holidays as they were given. Raises InvalidValue for a country, or a part of it, that comes twice."""
    if not isinstance(public, tuple) or not _all_are(PublicHolidays, public):
        raise InvalidValue("public_holidays", public, "must be public holidays")
    for index, one in enumerate(public):
        if any((one.country, one.subdivision) == (other.country, other.subdivision) for other in public[:index]):
            raise InvalidValue(f"public_holidays[{index}].country", one.country, "must stand there once")
    return public


def require_dated(dated: Any, field: str) -> tuple[DatedWindows, ...]:
    """The pairs in the order of their dates. Raises InvalidValue for anything else, and for a date that comes twice."""
    if dated == ():
        return ()
    if not isinstance(dated, tuple) or not all(isinstance(entry, tuple) and len(entry) == 2 for entry in dated):
        raise InvalidValue(field, dated, "must be pairs of a date and its windows")
    seen: set[date] = set()
    for day, windows in dated:
        if type(day) is not date or day in seen:
            raise InvalidValue(field, day, "must be a date that stands there once")
        seen.add(day)
        _require_windows(windows, field, day.isoformat())
    return tuple(sorted(dated))


def _require_windows(windows: Any, field: str, day: str) -> None:
    if not isinstance(windows, tuple) or not _all_are(Window, windows):
        raise InvalidValue(f"{field}.{day}", windows, "must be windows")
    if len(windows) > MAX_WINDOWS:
        raise InvalidValue(f"{field}.{day}", f"{len(windows)} windows", f"must be at most {MAX_WINDOWS} windows a day")


def _all_are(kind: type, values: tuple[Any, ...]) -> bool:
    return {kind}.issuperset(map(type, values))
