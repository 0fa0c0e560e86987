"""Business hours as a value, and the working time they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from domain.calendar import parsing, validation
from domain.calendar.combined import FIELDS, Combined, CombinedCompilation
from domain.calendar.compiling.compilation import Compilation
from domain.calendar.compiling.compiled import exhausted
from domain.calendar.effective import EffectiveDay, clock_changes, open_in_utc
from domain.calendar.local_time.intervals import Interval
from domain.calendar.local_time.times import Window
from domain.calendar.local_time.zones import FIRST_YEAR, HORIZON, LAST_YEAR, require_zone
from domain.calendar.rules.closures import Stretch
from domain.calendar.rules.days import DatedWindows, day_number
from domain.calendar.rules.holidays import AppliesTo, Holiday
from domain.calendar.rules.public import PublicHolidays
from domain.errors import InvalidValue
from domain.fields import require_choice
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
    "holidays_apply_to",
    *FIELDS,
    "always",
)
_OF_A_COMBINATION = frozenset({"name", "timezone", *FIELDS})
_CLOSED_WEEK: Week = ((),) * 7
_SHARED = 8192
"""How many compiled forms are kept for calendars that are read anew; a calendar also keeps its own."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Weekly hours in an IANA zone, with holidays, dates with hours of their own and breaks on a date.

    On a holiday a special day is closed and a special opening is open; if a date has both, the opening counts. Dated
    fields are kept in the order of their dates. Where holidays apply to shifts, a window that begins on one is closed
    to its end, also past midnight, and one that began the day before runs to its end. Raises InvalidValue for a field
    that is not of its type, and for a week without any window. `always_open` is for `Calendar.always()` and excludes
    every rule. A `combined` calendar has no rules of its own either; people read its times in its zone.
    """

    timezone: str
    weekly_hours: Week
    holidays: tuple[Holiday, ...] = ()
    special_days: tuple[DatedWindows, ...] = ()
    breaks: tuple[DatedWindows, ...] = ()
    always_open: bool = False
    special_openings: tuple[DatedWindows, ...] = ()
    public_holidays: tuple[PublicHolidays, ...] = ()
    holidays_apply_to: AppliesTo = AppliesTo.DATE
    combined: Combined | None = None
    _hash: int | None = field(init=False, repr=False, compare=False, default=None)
    _compilation: Compilation | CombinedCompilation | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        require_zone(self.timezone)
        validation.require_week(self.weekly_hours)
        object.__setattr__(self, "holidays", validation.require_holidays(self.holidays))
        object.__setattr__(self, "special_days", validation.require_dated(self.special_days, "special_days"))
        object.__setattr__(self, "breaks", validation.require_dated(self.breaks, "breaks"))
        openings = validation.require_dated(self.special_openings, "special_openings")
        object.__setattr__(self, "special_openings", openings)
        object.__setattr__(self, "public_holidays", validation.require_public(self.public_holidays))
        if self.combined is not None:
            self._require_no_rules()
        elif not self.always_open:
            validation.require_working_time(self.weekly_hours)
        elif self._values() != ("UTC", *_NO_RULES[:4], True, *_NO_RULES[4:], None):
            raise InvalidValue("always", True, "must stand alone, without a zone, hours or dates")

    def _require_no_rules(self) -> None:
        """Raises InvalidValue for a rule beside the members that the calendar is made of."""
        names = ("weekly_hours", "holidays", "special_days", "breaks", *_RULES_ADDED_LATER)
        for name, nothing in zip(names, _NO_RULES, strict=True):
            if getattr(self, name) != nothing:
                raise InvalidValue(name, str(getattr(self, name))[:200], "must be left out of hours made of others")
        if self.always_open:
            raise InvalidValue("always", True, "must be left out of hours made of others")

    def __hash__(self) -> int:
        # A policy of many targets is hashed with its calendars over and over, and hashing the windows takes time.
        if (known := self._hash) is None:
            # Equal calendars apply their holidays alike; hashing an enumeration takes longer than it tells apart.
            zone, week, holidays, *rules, _, combined = self._values()
            known = hash((zone, week, *[holiday.order for holiday in holidays], *rules, combined))
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
            if "union_of" in body or "intersection_of" in body:
                combined = Combined.from_json(body, cls.from_json)
                if combined is not None:
                    return cls._made_of(combined, body)
            return cls(
                body.get("timezone"),  # type: ignore[arg-type]  # refused by the constructor unless it is a zone
                parsing.parse_weekly(body.get("weekly_hours"), "weekly_hours"),
                parsing.parse_holidays(body.get("holidays", []), "holidays"),
                parsing.parse_dated_windows(body.get("special_days", {}), "special_days"),
                parsing.parse_dated_windows(body.get("breaks", {}), "breaks"),
                special_openings=parsing.parse_dated_windows(body.get("special_openings", {}), "special_openings"),
                public_holidays=parsing.parse_public_holidays(body.get("public_holidays", []), "public_holidays"),
                holidays_apply_to=_applies_to(body),
            )
        except InvalidValue as refusal:
            raise refusal.under(field) from None

    @classmethod
    def _made_of(cls, combined: Combined, body: Mapping[str, Any]) -> Calendar:
        for key in body.keys() - _OF_A_COMBINATION:
            if body[key]:
                raise InvalidValue(key, body[key], "must be left out of hours made of others")
        timezone = body.get("timezone") or combined.members[0].calendar.timezone
        return cls(timezone, _CLOSED_WEEK, combined=combined)

    def to_json(self) -> dict[str, Any]:
        """The shape that `from_json` reads, windows as they were given.

        `special_openings` and `public_holidays` are left out where there are none: the first shape did not have them.
        """
        if self.always_open:
            return {"always": True}
        if self.combined is not None:
            members = [member.to_json() for member in self.combined.members]
            return {"timezone": self.timezone, self.combined.how.value: members}
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
        if self.holidays_apply_to is not AppliesTo.DATE:
            document["holidays_apply_to"] = self.holidays_apply_to.value
        return document

    def require_ever_open(self, field: str = "") -> Calendar:
        """The calendar itself. Raises InvalidValue where its holidays of every year close all that would open, or what
        it is made of is never open together.

        This is asked of whoever makes a calendar, not when one is read: older ones were kept without it.
        """
        if self.always_open or not self._compiled().never_opens():
            return self
        if (combined := self.combined) is not None:
            raise InvalidValue(parsing.join(field, combined.how), combined.ids, "no working time: never open together")
        yearly = [holiday.to_json() for holiday in self.holidays if holiday.is_yearly]
        raise InvalidValue(parsing.join(field, "holidays"), yearly, "no working time: they close every date")

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
        return self._compiled().holidays_on(day)

    def open_windows(self, day: date) -> tuple[Window, ...]:
        """The local windows open on a date after holidays, special days and breaks; sorted, none past midnight."""
        if self.always_open:
            return (Window(0, DAY),)
        return tuple(Window(*part) for part in self._compiled().open_intervals(day_number(day)))

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
            return self._compiled().stretches(start, end)
        return (Stretch(start, end, None),) if start < end else ()

    def at(self, instant: Instant) -> Calendar:  # noqa: ARG002 - hours that follow a team have others at other instants
        """The calendar that counts at an instant: this one."""
        return self

    def is_open(self, instant: Instant) -> bool:
        _require_covered(instant, "instant")
        return self.always_open or self._compiled().open_time.is_open(instant)

    def open_between(self, start: Instant, end: Instant) -> tuple[Interval[Instant], ...]:
        """The open intervals within `[start, end)`, in order; neighbours may touch."""
        if self.always_open:
            return (Interval(start, end),) if start < end else ()
        return self._compiled().open_time.open_between(start, end)

    def _compiled(self) -> Compilation | CombinedCompilation:
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
            self.holidays_apply_to,
            self.combined,
        )


def _applies_to(body: Mapping[str, Any]) -> AppliesTo:
    given = body.get("holidays_apply_to")
    return AppliesTo.DATE if given is None else require_choice(given, AppliesTo, "holidays_apply_to")


_RULES_ADDED_LATER = ("special_openings", "public_holidays", "holidays_apply_to")
_NO_RULES: tuple[Any, ...] = (_CLOSED_WEEK, (), (), (), (), (), AppliesTo.DATE)


@lru_cache(maxsize=_SHARED)
def _compiled(calendar: Calendar) -> Compilation | CombinedCompilation:
    if calendar.combined is not None:
        return CombinedCompilation(calendar.timezone, calendar.combined)
    return Compilation(
        calendar.timezone,
        calendar.weekly_hours,
        (*calendar.holidays, *(holiday for one in calendar.public_holidays for holiday in one.holidays)),
        calendar.special_days,
        calendar.special_openings,
        calendar.breaks,
        calendar.holidays_apply_to,
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
