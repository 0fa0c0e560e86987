"""Calendars made of others: open while any of them is open (union), or while all of them are (intersection)."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from domain.calendar.compiling.compiled import FORTNIGHT, OpenFortnight, OpenTime
from domain.calendar.local_time.intervals import Interval, WallTime, clipped, common, merged, without
from domain.calendar.local_time.local_days import local_days
from domain.calendar.local_time.zones import HORIZON
from domain.calendar.rules.closures import Stretch, joined
from domain.calendar.rules.holidays import Holiday
from domain.errors import InvalidValue, WorkingTimeExhausted
from domain.fields import require_list, require_mapping, require_text, require_version
from domain.instants import DAY, Instant, Micros, parse

if TYPE_CHECKING:
    from datetime import date

    from domain.calendar.calendar import Calendar

MOST_MEMBERS = 10
DEEPEST = 5
"""Levels of calendars that are made of others."""
_TODAY = parse("2026-01-01T00:00:00Z")
"""Combined hours must open after this; a fixed instant, so that the same hours are not refused later."""


FIELDS = ("union_of", "intersection_of")


class Combination(StrEnum):
    """How members are put together, and the field that names them."""

    UNION = "union_of"
    INTERSECTION = "intersection_of"


@dataclass(frozen=True, slots=True)
class Member:
    """Business hours that others are made of, as they were at one version."""

    id: str
    version: int
    calendar: Calendar

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "version": self.version, "calendar": self.calendar.to_json()}


@dataclass(frozen=True, slots=True)
class Combined:
    """At least two members. Raises InvalidValue for fewer, for too many, and for one that stands there twice."""

    how: Combination
    members: tuple[Member, ...]

    def __post_init__(self) -> None:
        ids = [member.id for member in self.members]
        if not 2 <= len(ids) <= MOST_MEMBERS:
            raise InvalidValue(self.how, ids, f"must name from 2 to {MOST_MEMBERS} business hours")
        for index, one in enumerate(ids):
            if one in ids[:index]:
                raise InvalidValue(f"{self.how}[{index}]", one, "must stand there once")
        if self.depth > DEEPEST:
            raise InvalidValue(self.how, ids, f"must be made of others in at most {DEEPEST} levels")

    @property
    def ids(self) -> list[str]:
        return [member.id for member in self.members]

    @property
    def depth(self) -> int:
        inner = (member.calendar.combined for member in self.members)
        return 1 + max((one.depth for one in inner if one is not None), default=0)

    def way_to(self, calendar_id: str) -> list[str] | None:
        """The ids from a member down to that calendar; None where it is in none of them."""
        for member in self.members:
            if member.id == calendar_id:
                return [member.id]
            inner = member.calendar.combined
            if inner is not None and (way := inner.way_to(calendar_id)) is not None:
                return [member.id, *way]
        return None

    @classmethod
    def from_json(cls, body: Mapping[str, Any], read: Any) -> Combined | None:
        """The members that a document names; None where it names none. `read` reads the calendar of one."""
        given = [how for how in Combination if body.get(how)]
        if not given:
            return None
        if len(given) > 1:
            raise InvalidValue(given[1], _named(body[given[1]]), f"must not stand beside {given[0].value}")
        (how,) = given
        listed = enumerate(require_list(body[how], how))
        return cls(how, tuple(_member(one, f"{how.value}[{index}]", read) for index, one in listed))


def _named(members: Any) -> Any:
    """The ids of members, as whoever gave them knows them."""
    listed = isinstance(members, list)
    return [one.get("id") if isinstance(one, Mapping) else one for one in members] if listed else members


def _member(value: Any, field: str, read: Any) -> Member:
    entry = require_mapping(value, field)
    calendar_id, version = require_text(entry.get("id"), f"{field}.id"), require_version(entry.get("version"), field)
    return Member(calendar_id, version, read(entry.get("calendar"), field))


class CombinedCompilation:
    """What questions to a combined calendar need; it answers like the compilation of one with rules of its own."""

    def __init__(self, zone: str, combined: Combined) -> None:
        self._zone = zone
        self._members = tuple(member.calendar for member in combined.members)
        self.open_time: OpenTime = CombinedOpenTime(combined)

    def never_opens(self) -> bool:
        try:
            self.open_time.add(_TODAY, Micros(1))
        except WorkingTimeExhausted:
            return True
        return False

    def holidays_on(self, day: date) -> tuple[Holiday, ...]:
        found = (holiday for member in self._members for holiday in member.holidays_on(day))
        return tuple({holiday.order: holiday for holiday in found}.values())

    def open_intervals(self, day: int) -> tuple[WallTime, ...]:
        """The wall times of a date in the zone of the combination at which it is open."""
        found: list[WallTime] = []
        for number, midnight, shown in local_days(self._zone, (day - 1) * DAY, min((day + 2) * DAY, HORIZON)):
            if number == day:
                start = Instant(max(0, midnight + shown.start))
                end = Instant(min(midnight + shown.end, HORIZON))
                opens = self.open_time.open_between(start, end)
                found += (Interval(one.start - midnight, one.end - midnight) for one in opens)
        return merged(found)

    def stretches(self, start: Instant, end: Instant) -> tuple[Stretch, ...]:
        """What no member leaves open is closed by the first of them that closes it."""
        if start >= end:
            return ()
        opens = merged(self.open_time.open_between(start, end))
        found = [Stretch(one.start, one.end, None) for one in opens]
        left = without((Interval(start, end),), opens)
        for member in self._members:
            for stretch in member.stretches(start, end) if left else ():
                if stretch.closed_by is not None:
                    closed = Interval(stretch.start, stretch.end)
                    found += (Stretch(one.start, one.end, stretch.closed_by) for one in clipped(left, closed))
                    left = without(left, (closed,))
        return joined(sorted(found, key=lambda one: one.start))


class CombinedOpenTime(OpenTime):
    """Working time of a combination: of every fortnight the open intervals of all members, put together."""

    def __init__(self, combined: Combined) -> None:
        self._members = tuple(member.calendar for member in combined.members)
        self._combine = _union if combined.how is Combination.UNION else _intersection

    def _compile_one(self, fortnight: int) -> OpenFortnight:
        start = Instant(fortnight * FORTNIGHT)
        end = Instant(min(start + FORTNIGHT, HORIZON))
        opens = self._combine([member.open_between(start, end) for member in self._members])
        lengths = accumulate((one.length for one in opens), initial=0)
        return OpenFortnight(array("q", (one.start for one in opens)), array("q", lengths))


Opens = tuple[Interval[Instant], ...]


def _union(of_members: Sequence[Opens]) -> Opens:
    return merged(one for opens in of_members for one in opens)


def _intersection(of_members: Sequence[Opens]) -> Opens:
    return reduce(common, map(merged, of_members))
