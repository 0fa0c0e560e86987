"""`plan(snapshot, events)`: the one pure function that decides everything; it takes no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.calendar import Calendar
from domain.clocks import CLOCKS, ClockState, Life, live
from domain.errors import InvalidValue, WorkingTimeExhausted
from domain.escalations import share
from domain.events import Event, EventKind, in_order
from domain.ids import Kind
from domain.instants import Instant, Micros
from domain.plans import AT_RISK, BREACHED, ESCALATION, HALFWAY, Milestone, Plan, TargetPlan
from domain.policies import Policy, TargetRule
from domain.replans import effective
from domain.snapshot import Snapshot
from domain.stints import Ownership, owned


def plan(snapshot: Snapshot, events: Iterable[Event]) -> Plan:
    """Targets and milestones of a ticket under its frozen snapshot, the past and the future from the same call.

    Raises InvalidValue when no event opens the ticket, WorkingTimeExhausted when a due instant lies beyond 2100.
    """
    ordered = in_order(events)
    snapshot = effective(snapshot, ordered)
    if not ordered or ordered[0].kind is not EventKind.OPENED:
        raise InvalidValue("events", [event.kind.value for event in ordered], "must hold the opening of the ticket")
    ownership = owned(snapshot.ticket.team_id, ordered)
    if snapshot.ticket.instance.kind is Kind.OLA:
        return Plan(ordered[0].occurred_at, tuple(_of_stints(snapshot, ordered, ownership)), ownership)
    return Plan(ordered[0].occurred_at, tuple(_of_ticket(snapshot, ordered, ownership)))


def _of_ticket(snapshot: Snapshot, ordered: Sequence[Event], ownership: Ownership) -> Iterator[TargetPlan]:
    """One clock a promise; it counts for the team that had the ticket when the clock stopped or the due passed."""
    calendar = snapshot.calendar.calendar
    for rule in snapshot.targets:
        life = live(CLOCKS[rule.type], rule.pausable, ordered[0].occurred_at, ordered)
        target = _plan_target(rule, snapshot.policy, calendar, life)
        settled_at = target.stopped_at if target.breached_at is None else target.breached_at
        yield replace(target, team_id=ownership.owner_before(settled_at))


def _of_stints(snapshot: Snapshot, ordered: Sequence[Event], ownership: Ownership) -> Iterator[TargetPlan]:
    """One clock a promise and a team's stint, in the team's own calendar; nobody's stints have none."""
    for stint in ownership.stints:
        if stint.team_id is None:
            continue
        calendar = snapshot.calendar_of(stint.team_id).calendar
        for rule in snapshot.targets:
            life = live(CLOCKS[rule.type], rule.pausable, ordered[0].occurred_at, ordered, stint)
            if life.started_at is not None:
                target = _plan_target(rule, snapshot.policy, calendar, life)
                yield replace(target, stint=stint.event_id, team_id=stint.team_id)


def _plan_target(rule: TargetRule, policy: Policy, calendar: Calendar, life: Life) -> TargetPlan:
    progress = _Progress(calendar, life)
    breached_at = progress.reach(rule.budget)
    return TargetPlan(
        id=rule.id,
        type=rule.type,
        cycle=1,
        budget=rule.budget,
        state=life.state,
        since=life.since,
        used=progress.used,
        paused_for=life.paused_for,
        started_at=life.started_at,
        stopped_at=life.stopped_at,
        due_at=progress.due(rule.budget) if breached_at is None else breached_at,
        breached_at=breached_at,
        milestones=_milestones(rule, policy, progress),
    )


def _milestones(rule: TargetRule, policy: Policy, progress: _Progress) -> tuple[Milestone, ...]:
    marks = [Milestone(HALFWAY, share(rule.budget, Decimal(50)), None), Milestone(BREACHED, rule.budget, None)]
    if policy.at_risk_percent is not None:
        marks.insert(1, Milestone(AT_RISK, share(rule.budget, policy.at_risk_percent), None))
    marks += (
        Milestone(f"{ESCALATION}:{step.id}", step.threshold(rule.budget), None, step.to_json())
        for step in policy.steps
        if step.applies_to(rule.type)
    )
    marks.sort(key=lambda mark: mark.threshold)
    return tuple(
        Milestone(mark.name, mark.threshold, progress.reach_if_ever(mark.threshold), mark.escalation) for mark in marks
    )


@dataclass(frozen=True, slots=True)
class _Progress:
    """Working time along the spans in which a clock ran."""

    calendar: Calendar
    life: Life

    @property
    def used(self) -> Micros:
        """Working time of all spans that have ended."""
        return Micros(
            sum(self.calendar.elapsed(span.start, span.end) for span in self.life.ran if span.end is not None)
        )

    def reach(self, threshold: Micros) -> Instant | None:
        """When `threshold` is used up while the clock runs; an event at that very instant comes first."""
        left = threshold
        for span in self.life.ran:
            if span.end is None:
                return self.calendar.add(span.start, left)
            worked = self.calendar.elapsed(span.start, span.end)
            if left <= worked and (at := self.calendar.add(span.start, left)) < span.end:
                return at
            left = Micros(left - worked)
        return None

    def reach_if_ever(self, threshold: Micros) -> Instant | None:
        try:
            return self.reach(threshold)
        except WorkingTimeExhausted:
            return None

    def due(self, budget: Micros) -> Instant | None:
        """Where the budget would have ended for a clock that stopped within it; None while it is paused or waiting."""
        if self.life.state in (ClockState.STOPPED, ClockState.CANCELLED):
            return self.calendar.add(self.life.since, Micros(budget - self.used))
        return None
