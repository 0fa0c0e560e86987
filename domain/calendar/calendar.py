"""Business hours as a value, and the working time they give."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from domain.calendar import parsing, validation
from domain.calendar.closures import Stretch, stretches
from domain.calendar.compilation import Compilation
from domain.calendar.compiled import exhausted
from domain.calendar.days import DatedWindows, day_number
from domain.calendar.effective import EffectiveDay, clock_changes, open_in_utc
from domain.calendar.holidays import Holiday
from domain.calendar.public import PublicHolidays
from domain.calendar.times import Window
from domain.calendar.zones import FIRST_YEAR, HORIZON, LAST_YEAR, require_zone
from domain.errors import InvalidValue
from domain.instants import DAY, Instant, Micros, render

Week = tuple[tuple[Window, ...], ...]
"""Windows of each weekday, Monday first."""

_KEYS = (
    "name",
    "timezone",
    "weekly_hours",
    "holidays",
    "special_days",
    "breaks",
    "special_openings",
    "public_holidays",
    "always",
)
_CLOSED_WEEK: Week = ((),) * 7
_SHARED = 8192
"""How many compiled forms are kept for calendars that are read anew; a calendar also keeps its own."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Weekly hours in an IANA zone, with holidays, dates with hours of their own and breaks on a date.

    On a holiday a special day is closed and a special opening is open; if a date has both, the opening counts. Dated
    fields are kept in the order of their dates. Raises InvalidValue for a field that is not of its type, and for a week
    without any window. `always_open` is for `Calendar.always()` and excludes every rule.
    """

    timezone: str
    weekly_hours: Week
    holidays: tuple[Holiday, ...] = ()
    special_days: tuple[DatedWindows, ...] = ()
    breaks: tuple[DatedWindows, ...] = ()
    always_open: bool = False
    special_openings: tuple[DatedWindows, ...] = ()
    public_holidays: tuple[PublicHolidays, ...] = ()
    _hash: int | None = field(init=False, repr=False, compare=False, default=None)
    _compilation: Compilation | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        require_zone(self.timezone)
        validation.require_week(self.weekly_hours)
        object.__setattr__(self, "holidays", validation.require_holidays(self.holidays))
        object.__setattr__(self, "special_days", validation.require_dated(self.special_days, "special_days"))
        object.__setattr__(self, "breaks", validation.require_dated(self.breaks, "breaks"))
        openings = validation.require_dated(self.special_openings, "special_openings")
        object.__setattr__(self, "special_openings", openings)
        object.__setattr__(self, "public_holidays", validation.require_public(self.public_holidays))
        if not self.always_open:
            validation.require_working_time(self.weekly_hours)
        elif self._values() != ("UTC", _CLOSED_WEEK, (), (), (), True, (), ()):
            raise InvalidValue("always", True, "must stand alone, without a zone, hours or dates")

    def __hash__(self) -> int:
        # A policy of many targets is hashed with its calendars over and over, and hashing the windows takes time.
        if (known := self._hash) is None:
            known = hash((*self._values()[:2], *(holiday.order for holiday in self.holidays), *self._values()[3:]))
            object.__setattr__(self, "_hash", known)
        return known

    def __reduce__(self) -> tuple[type[Calendar], tuple[Any, ...]]:
        # The hash that is kept holds only in the process that computed it.
        return Calendar, self._values()

    @classmethod
    def always(cls) -> Calendar:
        """Open at every instant; `{"always": true}` in JSON."""
        return cls("UTC", _CLOSED_WEEK, always_open=True)

    @classmethod
    def from_json(cls, doc: Any, field: str = "business_hours") -> Calendar:
        """A calendar from the shape of the API; a `name` in it is the caller's.

        Raises InvalidValue whose field is the full path, such as `business_hours.weekly_hours.mon[0]`.
        """
        body = parsing.parse_object(doc, field, _KEYS)
        try:
            if "always" in body:
                parsing.require_always_alone(body)
                return cls.always()
            return cls(
                body.get("timezone"),  # type: ignore[arg-type]  # refused by the constructor unless it is a zone
                parsing.parse_weekly(body.get("weekly_hours"), "weekly_hours"),
                parsing.parse_holidays(body.get("holidays", []), "holidays"),
                parsing.parse_dated_windows(body.get("special_days", {}), "special_days"),
                parsing.parse_dated_windows(body.get("breaks", {}), "breaks"),
                special_openings=parsing.parse_dated_windows(body.get("special_openings", {}), "special_openings"),
                public_holidays=parsing.parse_public_holidays(body.get("public_holidays", []), "public_holidays"),
            )
        except InvalidValue as refusal:
            raise refusal.under(field) from None

    def to_json(self) -> dict[str, Any]:
        """The shape that `from_json` reads, windows as they were given.

        `special_openings` and `public_holidays` are left out where there are none: the first shape did not have them.
        """
        if self.always_open:
            return {"always": True}
        week = zip(validation.WEEKDAYS, self.weekly_hours, strict=True)
        document: dict[str, Any] = {
            "timezone": self.timezone,
            "weekly_hours": {weekday: _pairs(windows) for weekday, windows in week if windows},
            "holidays": [holiday.to_json() for holiday in self.holidays],
            "special_days": {day.isoformat(): _pairs(windows) for day, windows in self.special_days},
            "breaks": {day.isoformat(): _pairs(windows) for day, windows in self.breaks},
        }
        if self.special_openings:
            document["special_openings"] = {day.isoformat(): _pairs(windows) for day, windows in self.special_openings}
        if self.public_holidays:
            document["public_holidays"] = [one.to_json() for one in self.public_holidays]
        return document

    def require_ever_open(self, field: str = "") -> Calendar:
        """The calendar itself. Raises InvalidValue where its holidays of every year close all that would open.

        This is asked of whoever makes a calendar, not when one is read: older ones were kept without it.
        """
        if not self.always_open and self._compiled().rules.never_opens():
            yearly = [holiday.to_json() for holiday in self.holidays if holiday.is_yearly]
            raise InvalidValue(parsing.join(field, "holidays"), yearly, "no working time: they close every date")
        return self

    def effective_day(self, day: date) -> EffectiveDay:
        """When and why the calendar is open or closed on a date.

        Raises InvalidValue for a date outside the years 1970 to 2100.
        """
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise InvalidValue("day", day.isoformat(), "must lie between the years 1970 and 2100")
        special = any(day == when for when, _ in (*self.special_days, *self.special_openings))
        number = day_number(day)
        opens = [window.today for window in self.open_windows(day)]
        windows, changes = open_in_utc(self.timezone, number, opens), clock_changes(self.timezone, number)
        return EffectiveDay(day, windows, self.holidays_on(day), special, changes)

    def holidays_on(self, day: date) -> tuple[Holiday, ...]:
        """The holidays of a date, with those that close only a part of it or that a special opening overrides."""
        return self._compiled().holidays.on(day)

    def open_windows(self, day: date) -> tuple[Window, ...]:
        """The local windows open on a date after holidays, special days and breaks; sorted, none past midnight."""
        if self.always_open:
            return (Window(0, DAY),)
        return tuple(Window(*part) for part in self._compiled().rules.open_intervals(day_number(day)))

    def add(self, start: Instant, working: Micros) -> Instant:
        """The earliest instant at which `working` has elapsed since `start`; `start` itself for no time at all.

        Open from 09:00 to 17:00, 2 hours from Monday 16:00 end on Tuesday 10:00. Raises InvalidValue for a negative
        length and WorkingTimeExhausted where it would end after the year 2100.
        """
        _require_covered(start, "start")
        if working < 0:
            raise InvalidValue("working", working, "must not be negative")
        if not self.always_open:
            return self._compiled().open_time.add(start, working)
        if start + working > HORIZON:
            raise exhausted(start, working, "there is less time than that before the year 2101")
        return Instant(start + working)

    def elapsed(self, start: Instant, end: Instant) -> Micros:
        """Working time in `[start, end)`. Raises InvalidValue for an end before the start."""
        _require_order(start, end)
        return Micros(end - start) if self.always_open else self._compiled().open_time.elapsed(start, end)

    def stretches(self, start: Instant, end: Instant) -> tuple[Stretch, ...]:
        """`[start, end)` cut where it opens, closes, or is closed by another rule; in order, without a gap.

        Takes time for each date in it. Raises InvalidValue for an end before the start.
        """
        _require_order(start, end)
        if not self.always_open:
            return stretches(self.timezone, self._compiled().parts, start, end)
        return (Stretch(start, end, None),) if start < end else ()

    def is_open(self, instant: Instant) -> bool:
        _require_covered(instant, "instant")
        return self.always_open or self._compiled().open_time.is_open(instant)

    def _compiled(self) -> Compilation:
        if (known := self._compilation) is None:
            known = _compiled(self)
            object.__setattr__(self, "_compilation", known)
        return known

    def _values(self) -> tuple[Any, ...]:
        return (
            self.timezone,
            self.weekly_hours,
            self.holidays,
            self.special_days,
            self.breaks,
            self.always_open,
            self.special_openings,
            self.public_holidays,
        )


@lru_cache(maxsize=_SHARED)
def _compiled(calendar: Calendar) -> Compilation:
    return Compilation(
        calendar.timezone,
        calendar.weekly_hours,
        (*calendar.holidays, *(holiday for one in calendar.public_holidays for holiday in one.holidays)),
        calendar.special_days,
        calendar.special_openings,
        calendar.breaks,
    )


def _pairs(windows: tuple[Window, ...]) -> list[list[str]]:
    return [window.to_json() for window in windows]


def _require_order(start: Instant, end: Instant) -> None:
    _require_covered(start, "start")
    _require_covered(end, "end")
    if end < start:
        raise InvalidValue("end", render(end), f"must not lie before {render(start)}")


def _require_covered(instant: Instant, field: str) -> None:
    if not 0 <= instant <= HORIZON:
        raise InvalidValue(field, instant, "must lie between the years 1970 and 2100")
