"""What a change of rules would do to an instance: its rules afterwards, and which of its targets move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from domain.calendar import Calendar
from domain.calendar.holidays import Holiday
from domain.calendar.times import Window
from domain.catalog import Catalog
from domain.errors import InvalidValue
from domain.instants import DAY, MICROSECOND, SECOND, Instant, render, render_optional, to_datetime
from domain.plans import Plan, TargetPlan
from domain.snapshot import CalendarVersion, Snapshot
from domain.status import exceeded


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that are to be put in place: of this policy, of these calendars by id, of a time zone database."""

    catalog: Catalog
    policy_id: str | None = None
    calendars: Mapping[str, CalendarVersion] = field(default_factory=dict)
    tzdata_version: str | None = None

    def over(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot under these rules; what they do not name stays as it is frozen."""
        changed = self._with_policy(snapshot) if snapshot.policy.id == self.policy_id else snapshot
        changed = replace(
            changed,
            calendar=self._newest(changed.calendar),
            team_calendars=self._each_newest(changed.team_calendars),
            alternatives=tuple(
                replace(one, calendar=self._newest(one.calendar), team_calendars=self._each_newest(one.team_calendars))
                for one in changed.alternatives
            ),
        )
        return changed if self.tzdata_version is None else replace(changed, tzdata_version=self.tzdata_version)

    def concern(self, snapshot: Snapshot) -> bool:
        """Whether they name anything that the instance is measured by."""
        measures = (snapshot.own, *snapshot.alternatives)
        named = snapshot.policy.id == self.policy_id or any(
            calendar.id in self.calendars for one in measures for calendar in one.calendars
        )
        return named or self.tzdata_version is not None

    def _with_policy(self, snapshot: Snapshot) -> Snapshot:
        policy = next(one for one in self.catalog.policies if one.id == self.policy_id)
        before = (snapshot.policy.business_hours, snapshot.policy.business_hours_id)
        same_hours = before == (policy.business_hours, policy.business_hours_id)
        team_id = snapshot.ticket.team_id
        known_teams = replace(self.catalog, teams=snapshot.teams)
        return replace(
            snapshot,
            policy=policy,
            calendar=snapshot.calendar if same_hours else self.catalog.calendar_of(policy, team_id),
            team_calendars=snapshot.team_calendars if same_hours else known_teams.team_calendars(policy),
            alternatives=self.catalog.alternatives(policy, snapshot.ticket),
        )

    def _newest(self, calendar: CalendarVersion) -> CalendarVersion:
        return calendar if calendar.id is None else self.calendars.get(calendar.id, calendar)

    def _each_newest(self, calendars: Mapping[str, CalendarVersion]) -> Mapping[str, CalendarVersion]:
        return {id_: self._newest(calendar) for id_, calendar in calendars.items()}


class Breach(StrEnum):
    """What becomes of a breach by now: there is one as before, there would be one, there would be none any more."""

    STAYS = "stays"
    WOULD_BREACH = "would_breach"
    SAVED = "saved"


@dataclass(frozen=True, slots=True)
class Move:
    """A target whose plan would be another."""

    name: str
    type: str
    cycle: int
    due_from: Instant | None
    due_to: Instant | None
    breach: Breach | None

    def to_json(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "name": self.name,
            "cycle": self.cycle,
            "due_from": render_optional(self.due_from),
            "due_to": render_optional(self.due_to),
            "breach": None if self.breach is None else self.breach.value,
        }


def moves(before: Plan, after: Plan, now: Instant) -> tuple[Move, ...]:
    """The targets that are due, breached, or warned about at another instant."""
    old = {(target.name, target.cycle): target for target in before.targets}
    new = {(target.name, target.cycle): target for target in after.targets}
    keys = dict.fromkeys((*old, *new))
    return tuple(
        _move(old.get(key), new.get(key), now) for key in keys if _moments(old.get(key)) != _moments(new.get(key))
    )


def _move(old: TargetPlan | None, new: TargetPlan | None, now: Instant) -> Move:
    known = new or old
    assert known is not None
    was, is_ = (target is not None and exceeded(target, now) for target in (old, new))
    breach = {(True, True): Breach.STAYS, (False, True): Breach.WOULD_BREACH, (True, False): Breach.SAVED}.get(
        (was, is_)
    )
    due_from, due_to = (None if target is None else target.due_at for target in (old, new))
    return Move(known.name, known.type, known.cycle, due_from, due_to, breach)


def _moments(target: TargetPlan | None) -> tuple[Any, ...] | None:
    if target is None:
        return None
    marks = sorted((mark.name, mark.planned_at or 0) for mark in target.milestones)
    return (target.due_at, target.breached_at, tuple(marks))


@dataclass(frozen=True, slots=True)
class Closure:
    """`[start, end)`, whole seconds, in which the house was closed after all."""

    start: Instant
    end: Instant
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise InvalidValue("closure.reason", self.reason, "must say why")
        if self.end <= self.start:
            raise InvalidValue("closure.to", render(self.end), f"must be later than {render(self.start)}")
        for name, instant in (("from", self.start), ("to", self.end)):
            if instant % SECOND:
                raise InvalidValue(f"closure.{name}", render(instant), "must be a whole second")
        if self.end - self.start > _LONGEST_CLOSURE:
            raise InvalidValue("closure.to", render(self.end), "must be at most 366 days after its start")

    def added_to(self, calendar: Calendar) -> Calendar:
        """The calendar with the closed time in it, under its reason. Raises InvalidValue for one that never closes."""
        if calendar.always_open:
            raise InvalidValue("closure.business_hours_id", "always", "is open around the clock and has no dates")
        parts = tuple(self._parts(ZoneInfo(calendar.timezone)))
        holidays = tuple(Holiday(day, self.reason, closed=windows) for day, windows in parts)
        # Nothing but a break closes what a special opening opens.
        opened = {day for day, _ in calendar.special_openings}
        breaks = dict(calendar.breaks)
        for day, windows in parts:
            if day in opened:
                breaks[day] = _merged((*breaks.get(day, ()), *windows))
        dated = tuple(sorted(breaks.items()))
        return replace(calendar, holidays=(*calendar.holidays, *holidays), breaks=dated)

    def _parts(self, zone: ZoneInfo) -> Iterable[tuple[date, tuple[Window, ...]]]:
        """The local dates, and what of each is closed."""
        first, last = (to_datetime(instant).astimezone(zone).replace(tzinfo=UTC) for instant in (self.start, self.end))
        day = first.date()
        while datetime(day.year, day.month, day.day, tzinfo=UTC) < last:
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
            opens = max(0, (first - midnight) // MICROSECOND)
            closes = min(DAY, (last - midnight) // MICROSECOND)
            if opens < closes:
                yield day, (Window(opens, closes),)
            day += timedelta(days=1)


_LONGEST_CLOSURE = 366 * DAY


def _merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    merged: list[tuple[int, int]] = []
    for opens, closes in sorted((window.opens, window.closes or DAY) for window in windows):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(closes, merged[-1][1]))
        else:
            merged.append((opens, closes))
    return tuple(Window(opens, closes) for opens, closes in merged)
