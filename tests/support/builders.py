"""Snapshots, events and plans in the words of a help desk: times are `"tue 09:30"` in the week of 2 March 2026, UTC."""

from __future__ import annotations

from functools import partial
from typing import Any

from domain.calendar import Calendar
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import DAY, HOUR, MINUTE, SECOND, Instant, Micros, parse
from domain.plan.planning import plan
from domain.plan.plans import Plan, TargetPlan
from domain.policy.policies import Policy
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.policy.targets import TargetRule
from domain.ticket.authors import Role
from domain.ticket.events import Event, EventKind
from domain.ticket.excuses import Covers, ExcuseScope
from domain.ticket.tickets import Ticket

MONDAY = parse("2026-03-02T00:00:00Z")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = Calendar.always()
OFFICE = Calendar.from_json(
    {"timezone": "UTC", "weekly_hours": {weekday: [["09:00", "17:00"]] for weekday in WEEKDAYS[:5]}}
)


def at(text: str) -> Instant:
    """`"09:30"` on Monday, `"tue 09:30:15"` on the day after."""
    weekday, _, time = text.rpartition(" ")
    hours, minutes, seconds = (*map(int, time.split(":")), 0)[:3]
    days = WEEKDAYS.index(weekday or "mon")
    return Instant(MONDAY + days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND)


def promise(
    type_: str = "resolution", minutes: int = 60, *, priority: str | None = None, pausable: bool = True
) -> TargetRule:
    return TargetRule(f"target_{type_}_{priority or 'any'}", type_, priority, Micros(minutes * MINUTE), pausable)


def a_policy(*targets: TargetRule, **changes: Any) -> Policy:
    return Policy(**{"id": "sla_1", "name": "Support", "targets": targets or (promise(),), **changes})


def an_owned_ticket(team_id: str | None = None) -> Ticket:
    """A ticket whose clocks belong to the stints of its teams."""
    return Ticket(InstanceId(Kind.OLA, SubjectType.TICKET, "42"), team_id=team_id)


def a_ticket(priority: str | None = None, subject: str = "42", **fields: Any) -> Ticket:
    return Ticket(InstanceId(Kind.SLA, SubjectType.TICKET, subject), priority, fields)


def a_snapshot(
    *targets: TargetRule, calendar: Calendar = OFFICE, ticket: Ticket | None = None, **policy: Any
) -> Snapshot:
    version = CalendarVersion(calendar, "bh_1", 3)
    return Snapshot("default", ticket or a_ticket(), a_policy(*targets, **policy), version, "2026a")


def event(
    kind: EventKind,
    when: str,
    cause: str = "",
    *,
    received: str | None = None,
    event_id: str | None = None,
    by: str | None = None,
    **attributes: Any,
) -> Event:
    """Received when it happened, unless told otherwise. `by` is the role of whoever did it."""
    name = event_id or f"{kind.value} {cause} {when}"
    role = None if by is None else Role(by)
    told, received_at = at(when), at(received or when)
    return Event(kind, name, told, received_at, source="desk", cause=cause, attributes=attributes, role=role)


opened = partial(event, EventKind.OPENED)
acknowledged = partial(event, EventKind.ACKNOWLEDGED)
paused = partial(event, EventKind.PAUSED)
resumed = partial(event, EventKind.RESUMED)
resolved = partial(event, EventKind.RESOLVED)
reopened = partial(event, EventKind.REOPENED)
cancelled = partial(event, EventKind.CANCELLED)
updated = partial(event, EventKind.UPDATED)


def assigned(team_id: str | None, when: str, *, received: str | None = None) -> Event:
    name = f"to {team_id or 'nobody'} {when}"
    return Event(EventKind.ASSIGNED, name, at(when), at(received or when), source="desk", team_id=team_id)


def excused(
    target: str,
    when: str,
    *,
    covers: Covers = Covers.BREACH,
    cycle: int | None = None,
    received: str | None = None,
    event_id: str | None = None,
) -> Event:
    """By Ada, because of a storm."""
    name = event_id or f"excuse {target} {when}"
    scope = ExcuseScope(target, cycle, covers)
    told = at(when), at(received or when)
    return Event(EventKind.EXCUSED, name, *told, source="desk", actor="ada", reason="storm", excuse=scope)


def excuse_undone(target: str, when: str, *, cycle: int | None = None, received: str | None = None) -> Event:
    scope = ExcuseScope(target, cycle, None)
    told = at(when), at(received or when)
    return Event(EventKind.EXCUSE_UNDONE, f"undo {target} {when}", *told, source="desk", actor="bob", excuse=scope)


def two_clocks(*events: Event, response: int = 30, resolution: int = 120, calendar: Calendar = OFFICE) -> Plan:
    """The plan of a ticket with a first response and a resolution target, in minutes."""
    targets = promise("first_response", response), promise("resolution", resolution)
    return plan(a_snapshot(*targets, calendar=calendar), events)


def resolution(*events: Event, minutes: int = 60, calendar: Calendar = OFFICE, **policy: Any) -> TargetPlan:
    """The resolution clock of a ticket that has no other."""
    return only(plan(a_snapshot(promise(minutes=minutes), calendar=calendar, **policy), events))


def only(planned: Plan) -> TargetPlan:
    (target,) = planned.targets
    return target


def target_of(planned: Plan, type_: str) -> TargetPlan:
    target = planned.target(type_)
    assert target is not None
    return target


def moments(target: TargetPlan) -> dict[str, Instant | None]:
    return {milestone.name: milestone.planned_at for milestone in target.milestones}
