"""`plan(snapshot, events)`: the one pure function that decides everything; it takes no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.calendar import Calendar, tzdata_version
from domain.clocks import Clock, Life, OnReopen
from domain.errors import InvalidValue
from domain.events import Event, EventKind, in_order
from domain.ids import Kind
from domain.lives import Cuts, Moment, lives
from domain.plans import Plan, TargetPlan, TicketEnd
from domain.policies import TargetRule
from domain.progress import Yardstick, in_force, target_of
from domain.replans import effective
from domain.snapshot import Snapshot
from domain.stints import Ownership, Stint, closing, owned
from domain.terms import Terms, clocks_in_turn, terms_in_turn, terms_over, types_of
from domain.timeline import Turn, timeline


@dataclass(frozen=True, slots=True)
class Course:
    """A clock as it was walked: its plan, its life, the promise it is measured by in the end, and in which calendar."""

    target: TargetPlan
    life: Life
    rule: TargetRule
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class _Ticket:
    """A ticket's whole story, as every clock of it is walked over it."""

    snapshot: Snapshot
    turns: tuple[Turn, ...]
    terms: tuple[Terms, ...]
    ownership: Ownership

    @property
    def is_owned(self) -> bool:
        """Whether its clocks belong to stints."""
        return self.snapshot.ticket.instance.kind is Kind.OLA

    @property
    def moments(self) -> tuple[Moment, ...]:
        return tuple(Moment(turn.event, turn.at, turn.ticket.attributes) for turn in self.turns)

    def clocks(self, type_: str, first: TargetRule) -> tuple[Clock, ...]:
        """How the clock of a type is set up at each moment; `first` is the first promise of it."""
        return tuple(clocks_in_turn(terms_in_turn(self.terms, self.turns), type_, first))


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


def courses(snapshot: Snapshot, events: Iterable[Event]) -> tuple[Course, ...]:
    """The clocks behind the targets of the plan, in the same order. Raises as `plan` does."""
    return tuple(_courses(_read(snapshot, events)))


def _read(snapshot: Snapshot, events: Iterable[Event]) -> _Ticket:
    ordered = in_order(events)
    if not ordered or ordered[0].kind is not EventKind.OPENED:
        raise InvalidValue("events", [event.kind.value for event in ordered], "must hold the opening of the ticket")
    ruled = effective(snapshot, ordered)
    turns = timeline(ruled.ticket, ordered)
    return _Ticket(ruled, turns, terms_over(ruled, turns), owned(ruled.ticket.team_id, ordered))


def _courses(ticket: _Ticket) -> Iterator[Course]:
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


def _counted(ticket: _Ticket, course: Course) -> Course:
    """It counts for the team that had the ticket when the clock stopped or the due passed."""
    target = course.target
    settled_at = target.stopped_at if target.breached_at is None else target.breached_at
    return replace(course, target=replace(target, team_id=ticket.ownership.owner_before(settled_at)))


def _of(ticket: _Ticket, moments: Sequence[Moment], stint: Stint | None) -> Iterator[Course]:
    """Every promise there ever was, each with its lives in order.

    What an event does to a clock, the promise in force says then; what holds it meanwhile, each says for itself.
    """
    for type_ in types_of(ticket.terms):
        yardsticks = tuple(_yardsticks(ticket, type_, None if stint is None else stint.team_id))
        clocks, cuts = ticket.clocks(type_, yardsticks[0].rule), _cuts(ticket.terms, type_)
        walked = [lives([one.holding(clock) for clock in clocks], moments, stint, cuts) for one in yardsticks]
        for cycle, versions in enumerate(zip(*walked, strict=True), start=1):
            course = _course(tuple(zip(yardsticks, versions, strict=True)), cycle)
            # What an earlier life never came to is of no use to anybody, and there may be hundreds of them.
            is_last = cycle == len(walked[-1])
            yield course if is_last else replace(course, target=course.target.with_reached_only())


def _course(promises: Sequence[tuple[Yardstick, Life]], cycle: int) -> Course:
    """One life, as each of its promises sees it."""
    measured = in_force(promises)
    last, life = measured[-1]
    return Course(target_of(measured, cycle), life, last.rule, last.measure)


def _yardsticks(ticket: _Ticket, type_: str, team_id: str | None) -> Iterator[Yardstick]:
    for one, following in zip(ticket.terms, (*ticket.terms[1:], None), strict=True):
        if (rule := one.target(type_)) is not None:
            calendar = ticket.snapshot.calendar_under(None if one.is_first else one.policy.id, team_id).calendar
            yield Yardstick(one, rule, calendar, None if following is None else following.start)


def _cuts(terms: Sequence[Terms], type_: str) -> Cuts:
    """A promise that comes with a change from the same start was there from the opening on."""
    promised = [one.target(type_) is not None for one in terms]
    first = terms[promised.index(True)]
    restarted = frozenset(one.event_id for one in terms[1:] if one.restarts and one.event_id is not None)
    last = len(promised) - promised[::-1].index(True)
    return Cuts(
        made_by=first.event_id if first.restarts else None,
        renewed_by=restarted,
        dropped_by=terms[last].event_id if last < len(terms) else None,
    )


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
