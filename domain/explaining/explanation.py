"""The explanation of an instance: a pure function of what is recorded of it and an instant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from domain.explaining.milestones import ExplainedMilestone, explained_long_pauses, explained_milestones, orphaned
from domain.explaining.movers import Mover, ended_by, started_by
from domain.explaining.segments import Trace, trace
from domain.instants import Instant, Micros
from domain.plan.measured.hours import follows_team
from domain.plan.measured.measuring import MeasuredCycle
from domain.plan.measured.pauses import PauseEnded
from domain.plan.measured.promises import PolicyInForce
from domain.plan.plans import Plan
from domain.plan.walk import TicketWalk
from domain.policy.match_record import MatchRecord
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.record.as_of import known_at
from domain.record.ledger import Firing, Ledger
from domain.ticket.events import Event, EventKind
from domain.ticket.timeline import Turn

MOST_SEGMENTS = 500
MOST_CYCLES = 100
MOST_EVENTS = 500
MOST_CHANGES = 100
MOST_ORPHANED = 100
MOST_DEADLINES = 100


@dataclass(frozen=True, slots=True)
class RecordedHistory:
    """What is recorded of an instance.

    `recorded` is the plan that its workflow follows (None where no plan is known); `is_complete` is false while
    something is missing.
    """

    snapshot: Snapshot
    events: tuple[Event, ...]
    ledger: Ledger
    recorded: Plan | None = None
    is_complete: bool = True

    @classmethod
    def of(
        cls,
        snapshot: Mapping[str, Any] | None,
        events: tuple[Event, ...],
        ledger: Ledger,
        recorded: Mapping[str, Any],
        is_complete: bool,
    ) -> RecordedHistory | None:
        """From what a store holds; None while it lacks the opening, without which nothing can be explained."""
        if snapshot is None or not any(event.kind is EventKind.OPENED for event in events):
            return None
        return cls(Snapshot.from_json(snapshot), events, ledger, Plan.from_json(recorded), is_complete)

    def as_of(self, instant: Instant) -> RecordedHistory | None:
        """What was known then; None where the opening had not been received yet."""
        known = known_at(self.snapshot, self.events, self.ledger, instant)
        if known is None:
            return None
        return RecordedHistory(known.snapshot, known.events, known.ledger, is_complete=self.is_complete)


@dataclass(frozen=True, slots=True)
class TeamHours:
    """From `start` on a clock was measured in the hours of that team; `team_id` None: nobody had the ticket."""

    start: Instant
    team_id: str | None
    calendar: CalendarVersion


@dataclass(frozen=True, slots=True)
class ExplainedClock:
    """One cycle of a clock. `calendar` is the one of its policy, also where every hour counts to a fixed instant; where
    the hours follow the team, it is the one that counts last, and `hours` has them all.

    `started_by` and `ended_by` are what started it, and what stopped or cancelled it; None where nothing has.
    """

    measured: MeasuredCycle
    calendar: CalendarVersion
    trace: Trace
    milestones: tuple[ExplainedMilestone, ...]
    hours: tuple[TeamHours, ...] = ()
    started_by: Mover | None = None
    ended_by: Mover | None = None


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """Another policy that a change of the ticket put in force; `matching` None where no policy chooses the ticket any
    more: then nothing is promised, and the policy is the one it left."""

    in_force: PolicyInForce
    matching: MatchRecord | None


@dataclass(frozen=True, slots=True)
class ExplainedEvent:
    """An event and when it took effect; `is_late` where an event or a milestone that follows it was there before it.

    `ended` is how the pause that it began ends by itself, if it does. `in_force` says of an excuse whether it covers
    anything as things stand; None of any other event.
    """

    event: Event
    effective_at: Instant
    is_late: bool
    ended: PauseEnded | None = None
    in_force: bool | None = None

    @property
    def delay(self) -> Micros:
        """From when it happened to when it arrived; zero where the source's clock is ahead of ours."""
        return Micros(max(0, self.event.received_at - self.event.occurred_at))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an instance stands where it stands at `at`.

    `snapshot` holds the rules in force, after any replan. `clocks`, `orphaned` (milestones whose clock is gone),
    `changes` and `events` hold the newest; `..._in_all` count all of them. `agrees` says whether the recorded plan is
    the one that follows from snapshot and events (None: no plan is recorded).
    """

    snapshot: Snapshot
    plan: Plan
    at: Instant
    clocks: tuple[ExplainedClock, ...]
    clocks_in_all: int
    orphaned: tuple[ExplainedMilestone, ...]
    orphaned_in_all: int
    long_pauses: tuple[ExplainedMilestone, ...]
    changes: tuple[PolicyChange, ...]
    changes_in_all: int
    events: tuple[ExplainedEvent, ...]
    events_in_all: int
    is_complete: bool
    agrees: bool | None
    """Whether the recorded plan has the same targets; None where there is none to compare with."""


def explain(history: RecordedHistory, now: Instant, most_segments: int = MOST_SEGMENTS) -> Explanation:
    """Raises InvalidValue when no event opens the ticket, WorkingTimeExhausted when a due lies beyond 2100."""
    walk = TicketWalk.of(history.snapshot, history.events)
    plan, changed = walk.plan, walk.policies[1:]
    lost = orphaned(plan.targets, history.ledger, history.events)
    turns = {turn.event.event_id: turn for turn in walk.turns}
    return Explanation(
        snapshot=walk.snapshot,
        plan=plan,
        at=now,
        clocks=tuple(_clock(walk, one, history, now, most_segments, turns) for one in _newest_cycles(walk.cycles)),
        clocks_in_all=len(walk.cycles),
        orphaned=lost[-MOST_ORPHANED:],
        orphaned_in_all=len(lost),
        long_pauses=explained_long_pauses(plan, history.ledger, history.events)[-MOST_ORPHANED:],
        changes=tuple(_changes(walk.snapshot, walk.turns, changed[-MOST_CHANGES:])),
        changes_in_all=len(changed),
        events=tuple(_events(walk, history.ledger)),
        events_in_all=len(walk.turns),
        is_complete=history.is_complete,
        agrees=None if history.recorded is None else history.recorded.targets == plan.targets,
    )


def _newest_cycles(cycles: Sequence[MeasuredCycle]) -> Iterator[MeasuredCycle]:
    """Of each clock the newest cycles, in the plan's order."""
    for _, group in groupby(cycles, key=lambda one: one.target.name):
        yield from list(group)[-MOST_CYCLES:]


def _clock(
    walk: TicketWalk,
    measured: MeasuredCycle,
    history: RecordedHistory,
    now: Instant,
    most: int,
    turns: Mapping[str, Turn],
) -> ExplainedClock:
    target = measured.target
    policy_id, team_id = None if target.policy is None else target.policy.id, target.team_id
    calendar = walk.snapshot.calendar_under(policy_id, None if target.stint is None else team_id)
    milestones = explained_milestones(target, history.ledger, history.events)
    traced = trace(measured, now, most)
    hours = tuple(_hours(walk, measured, policy_id, traced.end))
    parts = (measured, hours[-1].calendar if hours else calendar, traced, milestones, hours)
    return ExplainedClock(*parts, started_by(measured, turns), ended_by(measured, turns))


def _hours(walk: TicketWalk, measured: MeasuredCycle, policy_id: str | None, end: Instant) -> Iterator[TeamHours]:
    """Whose hours counted in the cycle until `end`, where they follow the team that has the ticket."""
    start, target = measured.cycle.started_at, measured.target
    in_force = next(one for one in reversed(walk.policies) if one.facts == target.policy)
    if start is None or target.fixed or not follows_team(walk.snapshot, in_force):
        return
    for stint in walk.ownership.stints:
        is_last = stint is walk.ownership.stints[-1]
        if stint.start < end and (is_last or stint.end is None or stint.end > start):
            calendar = walk.snapshot.calendar_under(policy_id, stint.team_id)
            yield TeamHours(Instant(max(start, stint.start)), stint.team_id, calendar)


def _changes(snapshot: Snapshot, turns: Sequence[Turn], changed: Iterable[PolicyInForce]) -> Iterator[PolicyChange]:
    by_event = {turn.event.event_id: turn for turn in turns}
    policies = [one.policy for one in snapshot.alternatives]
    for in_force in changed:
        assert in_force.event_id is not None
        ticket = by_event[in_force.event_id].ticket
        yield PolicyChange(in_force, None if in_force.is_left else MatchRecord.of(policies, in_force.policy, ticket))


def _events(walk: TicketWalk, ledger: Ledger) -> Iterator[ExplainedEvent]:
    turns = walk.turns
    ended = {one.event_id: one for one in walk.pauses_ended}
    overtaken = _overtaken(turn.event for turn in turns)
    excusing = {one.target.excuse.event_id for one in walk.cycles if one.target.excuse is not None}
    for turn in turns[-MOST_EVENTS:]:
        is_late = turn.event.event_id in overtaken or any(_is_behind(turn.event, firing) for firing in ledger)
        in_force = turn.event.event_id in excusing if turn.event.kind is EventKind.EXCUSED else None
        yield ExplainedEvent(turn.event, turn.at, is_late, ended.get(turn.event.event_id), in_force)


def _overtaken(events: Iterable[Event]) -> frozenset[str]:
    """The ids of the events that arrived after an event that happened later."""
    latest, found = Instant(0), set()
    for event in sorted(events, key=lambda one: one.received_at):
        if event.occurred_at < latest:
            found.add(event.event_id)
        latest = max(latest, event.occurred_at)
    return frozenset(found)


def _is_behind(event: Event, firing: Firing) -> bool:
    """Whether the event arrived after a milestone that it precedes had fired."""
    return event.occurred_at < firing.planned_at and firing.fired_at < event.received_at
