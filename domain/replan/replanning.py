"""What a change of rules would do to an instance: its rules afterwards, and which of its targets move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from domain.calendar import Calendar
from domain.calendar.local_time.intervals import merged
from domain.calendar.local_time.local_days import days_shown
from domain.calendar.local_time.times import Window
from domain.calendar.local_time.zones import offset_at
from domain.calendar.rules.days import date_of
from domain.calendar.rules.holidays import Holiday
from domain.errors import InvalidValue
from domain.instants import DAY, SECOND, Instant, render, render_optional
from domain.plan.plans import Plan, TargetPlan
from domain.plan.status import exceeded
from domain.policy.catalog import Catalog
from domain.policy.policies import OnChange, Policy
from domain.policy.snapshot import Alternative, CalendarVersion, Snapshot
from domain.ticket.teams import Team


@dataclass(frozen=True, slots=True)
class Rules:
    """What is to be put in place: the present version of one policy, calendars by id, a time zone database.

    `policy_id` None changes no policy, `tzdata_version` None keeps the release that each instance has.
    """

    catalog: Catalog
    policy_id: str | None = None
    calendars: Mapping[str, CalendarVersion] = field(default_factory=dict)
    tzdata_version: str | None = None

    def over(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot under these rules; what they do not name stays as it is frozen."""
        own, alternatives = self._changed(snapshot.own, snapshot), snapshot.alternatives
        kept_until_now = snapshot.policy.on_change is OnChange.KEEP and not alternatives
        if kept_until_now and own.policy.on_change is not OnChange.KEEP:
            # Changes did not count when the ticket opened, so that it may change to no policy but its own.
            alternatives = (own,)
        alternatives = tuple(self._changed(one, snapshot) for one in alternatives)
        changed = replace(
            snapshot,
            policy=own.policy,
            calendar=own.calendar,
            team_calendars=own.team_calendars,
            alternatives=alternatives,
            teams=self._teams(snapshot, own.policy),
            step_hours=self._step_hours(snapshot, [own.policy, *(one.policy for one in alternatives)]),
        )
        return changed if self.tzdata_version is None else replace(changed, tzdata_version=self.tzdata_version)

    def concern(self, snapshot: Snapshot) -> bool:
        """Whether the rules name anything that the instance is measured by or may come to be measured by."""
        measures = (snapshot.own, *snapshot.alternatives)
        hold_steps = any(id_ in self.calendars for id_ in snapshot.step_hours)
        return (
            self.tzdata_version is not None
            or hold_steps
            or any(
                one.policy.id == self.policy_id or any(calendar.id in self.calendars for calendar in one.calendars)
                for one in measures
            )
        )

    def _changed(self, one: Alternative, snapshot: Snapshot) -> Alternative:
        """`one` with its policy and its calendars as these rules have them."""
        changed = self._present(one, snapshot) if one.policy.id == self.policy_id else one
        of_teams = {id_: self._newest(calendar) for id_, calendar in changed.team_calendars.items()}
        return replace(changed, calendar=self._newest(changed.calendar), team_calendars=of_teams)

    def _present(self, one: Alternative, snapshot: Snapshot) -> Alternative:
        """The policy's present version; in other hours where it names other ones now."""
        policy = next(known for known in self.catalog.policies if known.id == one.policy.id)
        before = (one.policy.hours, one.policy.business_hours_id)
        if before == (policy.hours, policy.business_hours_id):
            return replace(one, policy=policy)
        known_teams = replace(self.catalog, teams=self._teams(snapshot, policy))
        calendar = self.catalog.calendar_of(policy, snapshot.ticket.team_id)
        return Alternative(policy, calendar, known_teams.team_calendars(policy))

    def _teams(self, snapshot: Snapshot, policy: Policy) -> Mapping[str, Team]:
        """Those that were known when the ticket opened; all of them where the hours follow its team now."""
        return {**self.catalog.teams, **snapshot.teams} if policy.follows_team else snapshot.teams

    def _step_hours(self, snapshot: Snapshot, policies: Sequence[Policy]) -> Mapping[str, CalendarVersion]:
        """As they are frozen; those that the rules name, and hours that a policy names only now, as they are today."""
        wanted = self.catalog.step_hours(policies)
        return {id_: self._newest(snapshot.step_hours.get(id_, today)) for id_, today in wanted.items()}

    def _newest(self, calendar: CalendarVersion) -> CalendarVersion:
        return calendar if calendar.id is None else self.calendars.get(calendar.id, calendar)


class BreachChange(StrEnum):
    """What a change does to a breach that has happened by now: it stays, there would be one, there would be none."""

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
    breach: BreachChange | None

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
        _move(old.get(key), new.get(key), now) for key in keys if _instants(old.get(key)) != _instants(new.get(key))
    )


def _move(old: TargetPlan | None, new: TargetPlan | None, now: Instant) -> Move:
    known = new or old
    assert known is not None
    was, is_ = (target is not None and exceeded(target, now) for target in (old, new))
    breach = {
        (True, True): BreachChange.STAYS,
        (False, True): BreachChange.WOULD_BREACH,
        (True, False): BreachChange.SAVED,
    }.get((was, is_))
    due_from, due_to = (None if target is None else target.due_at for target in (old, new))
    return Move(known.name, known.type, known.cycle, due_from, due_to, breach)


def _instants(target: TargetPlan | None) -> tuple[Any, ...] | None:
    if target is None:
        return None
    marks = sorted((mark.name, mark.planned_at or 0) for mark in target.milestones)
    return (target.due_at, target.breached_at, tuple(marks))


@dataclass(frozen=True, slots=True)
class ClosureRequest:
    """`[start, end)` in whole seconds: a time at which the office was closed after all, and why.

    Raises InvalidValue without a reason, for parts of a second, for an end that is not after the start, and for more
    than 366 days.
    """

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
        """The calendar with the closed time as holidays, named by the reason.

        Raises InvalidValue for a calendar that is always open or made of others.
        """
        if calendar.combined is not None:
            ids = ", ".join(calendar.combined.ids)
            raise InvalidValue("closure.business_hours_id", ids, "are what these are made of; close these instead")
        if calendar.always_open:
            raise InvalidValue("closure.business_hours_id", "always", "is open around the clock and has no dates")
        parts = tuple(self._parts(calendar.timezone))
        holidays = tuple(Holiday(day, self.reason, closed=windows) for day, windows in parts)
        # Nothing but a break closes what a special opening opens.
        opened = {day for day, _ in calendar.special_openings}
        breaks = dict(calendar.breaks)
        for day, windows in parts:
            if day in opened:
                breaks[day] = _merged((*breaks.get(day, ()), *windows))
        dated = tuple(sorted(breaks.items()))
        return replace(calendar, holidays=(*calendar.holidays, *holidays), breaks=dated)

    def _parts(self, zone: str) -> Iterable[tuple[date, tuple[Window, ...]]]:
        """The local dates, and what of each is closed: all that wall clocks show between the two times."""
        first, last = (instant + offset_at(zone, instant) for instant in (self.start, self.end))
        for number, _, shown in days_shown(first, last):
            yield date_of(number), (Window(*shown),)


_LONGEST_CLOSURE = 366 * DAY


def _merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Their union in few windows. A window past midnight stays as it is: it closes a part of the next date too."""
    given = tuple(windows)
    of_one_date = merged(window.today for window in given if not window.tomorrow)
    return tuple(sorted([*(Window(*one) for one in of_one_date), *(window for window in given if window.tomorrow)]))
