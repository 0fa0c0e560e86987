"""What a calendar's fields must be, whoever constructs it; every refusal names the path inside the calendar."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.calendar.days import DatedWindows
from domain.calendar.holidays import Holiday
from domain.calendar.times import Window
from domain.errors import InvalidValue

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_WINDOWS = 100
"""Per day; keeps a hostile calendar from costing more than a real one."""


def require_week(week: Any) -> None:
    if not isinstance(week, tuple) or len(week) != len(WEEKDAYS):
        raise InvalidValue("weekly_hours", week, "must hold the windows of seven weekdays")
    for weekday, windows in zip(WEEKDAYS, week, strict=True):
        _require_windows(windows, f"weekly_hours.{weekday}")


def require_working_time(week: tuple[tuple[Window, ...], ...]) -> None:
    if not any(week):
        raise InvalidValue("weekly_hours", {}, "no working time: at least one weekday needs a window")


def require_holidays(holidays: Any) -> tuple[Holiday, ...]:
    """In the order of their dates; several names may share a date."""
    if not isinstance(holidays, tuple) or not all(isinstance(holiday, Holiday) for holiday in holidays):
        raise InvalidValue("holidays", holidays, "must be holidays")
    return tuple(sorted(set(holidays), key=lambda holiday: (holiday.day, holiday.name or "")))


def require_dated(dated: Any, field: str) -> tuple[DatedWindows, ...]:
    """In the order of their dates."""
    if not isinstance(dated, tuple) or not all(isinstance(entry, tuple) and len(entry) == 2 for entry in dated):
        raise InvalidValue(field, dated, "must be pairs of a date and its windows")
    seen: set[date] = set()
    for day, windows in dated:
        if type(day) is not date or day in seen:
            raise InvalidValue(field, day, "must be a date that stands there once")
        seen.add(day)
        _require_windows(windows, f"{field}.{day.isoformat()}")
    return tuple(sorted(dated))


def _require_windows(windows: Any, field: str) -> None:
    if not isinstance(windows, tuple) or not all(isinstance(window, Window) for window in windows):
        raise InvalidValue(field, windows, "must be windows")
    if len(windows) > MAX_WINDOWS:
        raise InvalidValue(field, f"{len(windows)} windows", f"must be at most {MAX_WINDOWS} windows a day")
