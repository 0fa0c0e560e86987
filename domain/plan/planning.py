"""`plan(snapshot, events)`: the one pure function that decides everything; it takes no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.calendar import Calendar, tzdata_version
from domain.errors import InvalidValue
from domain.ids import Kind
from domain.plan.cycles import ClockSetup, Moment, cycles
from domain.plan.plans import Plan, TargetPlan, TicketEnd
from domain.plan.progress import Promise, target_of
from domain.plan.promises import PolicyInForce, policies_in_force, policy_at_each_turn, setup_at_each_turn, types_of
from domain.plan.replans import effective_snapshot
from domain.policy.clocks import Cycle, OnReopen
from domain.policy.policies import TargetRule
from domain.policy.snapshot import Snapshot
from domain.ticket.events import Event, EventKind, in_order
from domain.ticket.stints import Ownership, Stint, closing, ownership_of
from domain.ticket.timeline import Turn, timeline


@dataclass(frozen=True, slots=True)
class MeasuredCycle:
    """A clock as it was walked: its plan, its life, the promise it is measured by in the end, and in which calendar."""

    target: TargetPlan
    life: Cycle
    rule: TargetRule
    calendar: Calendar

    def of_an_earlier_life(self) -> MeasuredCycle:
        return MeasuredCycle(self.target.with_reached_only(), self.life, self.rule, self.calendar)


@dataclass(frozen=True, slots=True)
class _Ticket:
    """A ticket's whole story, as every clock of it is walked over it."""

    snapshot: Snapshot
    turns: tuple[Turn, ...]
    terms: tuple[PolicyInForce, ...]
    ownership: Ownership

    @property
    def is_owned(self) -> bool:
        """Whether its clocks belong to stints."""
        return self.snapshot.ticket.instance.kind is Kind.OLA

    @property
    def moments(self) -> tuple[Moment, ...]:
        return tuple(_moments(self.turns))

    @property
    def policy_at_each_turn(self) -> tuple[PolicyInForce, ...]:
        return tuple(policy_at_each_turn(self.terms, self.turns))


def _moments(turns: Sequence[Turn]) -> Iterator[Moment]:
    ticket, attributes = turns[0].ticket, turns[0].ticket.attributes
    for turn in turns:
        if turn.ticket is not ticket:
            ticket, attributes = turn.ticket, turn.ticket.attributes
        yield Moment(turn.event, turn.at, attributes)


def plan(snapshot: Snapshot, events: Iterable[Event]) -> Plan:
    """Targets and milestones of a ticket under its frozen snapshot, the past and the future from the same call.

    Raises InvalidValue when no event opens the ticket, WorkingTimeExhausted when a due instant lies beyond 2100.
    """
    ticket = _read(snapshot, events)
    return Plan(
        opened_at=ticket.turns[0].at,
        targets=tuple(course.target for course in _courses(ticket)),
        ownership=ticket.ownership if ticket.is_owned else None,
        ticket=_end(ticket),
        versions=_versions(ticket),
    )


def measured_cycles(snapshot: Snapshot, events: Iterable[Event]) -> tuple[MeasuredCycle, ...]:
    """The clocks behind the targets of the plan, in the same order. Raises as `plan` does."""
    return tuple(_courses(_read(snapshot, events)))


def _read(snapshot: Snapshot, events: Iterable[Event]) -> _Ticket:
    ordered = in_order(events)
    if not ordered or ordered[0].kind is not EventKind.OPENED:
        raise InvalidValue("events", [event.kind.value for event in ordered], "must hold the opening of the ticket")
    ruled = effective_snapshot(snapshot, ordered)
    turns = timeline(ruled.ticket, ordered)
    return _Ticket(ruled, turns, policies_in_force(ruled, turns), ownership_of(ruled.ticket.team_id, ordered))


def _courses(ticket: _Ticket) -> Iterator[MeasuredCycle]:
    moments = ticket.moments
    if not ticket.is_owned:
        yield from (_counted(ticket, course) for course in _of(ticket, moments, None))
        return
    for stint in ticket.ownership.stints:
        # Nobody's stints have no clocks.
        if stint.team_id is not None:
            yield from (
                replace(course, target=replace(course.target, stint=stint.event_id, team_id=stint.team_id))
                for course in _of(ticket, moments, stint)
                if course.life.started_at is not None
            )


def _counted(ticket: _Ticket, course: MeasuredCycle) -> MeasuredCycle:
    """It counts for the team that had the ticket when the clock stopped or the due passed."""
    target = course.target
    settled_at = target.stopped_at if target.breached_at is None else target.breached_at
    team_id = ticket.ownership.owner_before(settled_at)
    return course if team_id == target.team_id else replace(course, target=replace(target, team_id=team_id))


def _of(ticket: _Ticket, moments: Sequence[Moment], stint: Stint | None) -> Iterator[MeasuredCycle]:
    """Of every type that was ever promised the lives in order, but for those in which nothing was promised."""
    terms = ticket.policy_at_each_turn
    for type_ in types_of(ticket.terms):
        yardsticks = tuple(_yardsticks(ticket, type_, None if stint is None else stint.team_id))
        setups = tuple(setup_at_each_turn(terms, type_))
        promised = tuple(_promised([_Walked(one, setups, moments, stint) for one in yardsticks]))
        for cycle, measured in enumerate(promised, start=1):
            course = _course(measured, cycle)
            # What an earlier life never came to is of no use to anybody, and there may be hundreds of them.
            is_last = cycle == len(promised)
            yield course if is_last else course.of_an_earlier_life()


@dataclass(frozen=True, slots=True)
class _Walked:
    """The walk of a clock as one of its promises sees it, which says what holds it; the rest say the setups."""

    yardstick: Promise
    setups: tuple[ClockSetup, ...]
    moments: Sequence[Moment]
    stint: Stint | None

    def cycles(self, most: int | None = None) -> tuple[Cycle, ...]:
        """Those of so many moments, or of all."""
        own: dict[int, ClockSetup] = {}
        for one in self.setups:
            if id(one) not in own:
                own[id(one)] = self.yardstick.holding(one)
        return cycles([own[id(one)] for one in self.setups[:most]], self.moments[:most], self.stint)

    def left_by(self, taking_back: PolicyInForce, index: int) -> Cycle:
        """What had become of a life by the event that took its promise back."""
        count = next(n for n, moment in enumerate(self.moments) if moment.event.event_id == taking_back.event_id)
        return self.cycles(count)[index].taken_back(taking_back.start)


def _promised(walked: Sequence[_Walked]) -> Iterator[tuple[tuple[Promise, Cycle], ...]]:
    """Each life in which something was promised, as each promise that was in force in it sees it."""
    for index, versions in enumerate(zip(*(one.cycles() for one in walked), strict=True)):
        pairs = zip(walked, versions, strict=True)
        found = [(one, life) for one, life in pairs if one.yardstick.is_in_force(life)]
        if found:
            last, life = found[-1]
            over = last.yardstick.following
            if over is not None and (life.stopped_at is None or over.start < life.stopped_at):
                found = [(one, one.left_by(over, index)) for one, _ in found]
            elif over is not None:
                # What came as the clock stopped came too late: that stop is still held to this promise.
                found[-1] = replace(last, yardstick=replace(last.yardstick, following=None)), life
            yield tuple((one.yardstick, life) for one, life in found)


def _course(measured: Sequence[tuple[Promise, Cycle]], cycle: int) -> MeasuredCycle:
    """One life, as each of its promises sees it."""
    last, life = measured[-1]
    return MeasuredCycle(target_of(measured, cycle), life, last.rule, last.measure)


def _yardsticks(ticket: _Ticket, type_: str, team_id: str | None) -> Iterator[Promise]:
    for one, following in zip(ticket.terms, (*ticket.terms[1:], None), strict=True):
        if (rule := one.target(type_)) is not None:
            calendar = ticket.snapshot.calendar_under(None if one.is_first else one.policy.id, team_id).calendar
            yield Promise(one, rule, calendar, following)


def _end(ticket: _Ticket) -> TicketEnd | None:
    """How the ticket ended, where a clock may yet start while it is open."""
    rules = (target for one in ticket.terms for target in one.targets)
    if not any(rule.clock(OnReopen.CONTINUE).may_start_again for rule in rules):
        return None
    ended = closing([turn.event for turn in ticket.turns])
    if ended is None:
        return TicketEnd(None)
    at = next(turn.at for turn in ticket.turns if turn.event is ended)
    return TicketEnd(at, cancelled=ended.kind is EventKind.CANCELLED)


def _versions(ticket: _Ticket) -> dict[str, Any]:
    latest = ticket.terms[-1]
    return {
        "policy_id": latest.policy.id,
        "policy_version": latest.policy.version,
        "calendar_id": latest.calendar.id,
        "calendar_version": latest.calendar.version,
        "tzdata_version": tzdata_version(),
    }
