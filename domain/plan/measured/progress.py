"""How far a clock has got in a cycle, and when it reaches what was promised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from domain.calendar import Calendar
from domain.calendar.handover import Hours
from domain.errors import WorkingTimeExhausted
from domain.instants import Instant, Micros
from domain.plan.facts import DueFromField
from domain.plan.measured.cycles import ClockSetup
from domain.plan.measured.ladders import Climb, Step, StepHours, climbed, unanswered
from domain.plan.measured.promises import Change, PolicyInForce
from domain.plan.milestones import AT_RISK, BREACHED, ESCALATION, HALFWAY, Milestone
from domain.plan.plans import TargetPlan
from domain.policy.budgets import Deadline, WorkingDays
from domain.policy.clocks.clocks import Cycle, Span
from domain.policy.clocks.triggers import HOLDING
from domain.policy.escalations import budget_share
from domain.policy.field_deadlines import FieldDeadline
from domain.policy.targets import TargetRule

_ALWAYS = Calendar.always()


@dataclass(frozen=True, slots=True)
class Promise:
    """A target of the policy in force, from `since` (None: the opening) until `following`, and the hours it is measured
    in.

    Working days and fixed instants are counted by the calendar that counts as the clock starts. Where a field of the
    ticket holds the due instant (`deadline`), each value of the field is a promise of its own. One that `forgives`
    takes a breach back for which it has time left. Escalation steps may speak within `step_hours`; `acknowledged` is
    from when until when the ticket was acknowledged.
    """

    in_force: PolicyInForce
    rule: TargetRule
    calendar: Hours
    following: Change | None
    since: Change | None = None
    forgives: bool = False
    deadline: DueFromField | None = None
    step_hours: StepHours = field(default_factory=dict)
    acknowledged: tuple[Span, ...] = ()

    @property
    def end(self) -> Instant | None:
        return None if self.following is None else self.following.start

    @property
    def start(self) -> Instant | None:
        """None for the promise of the opening."""
        return None if self.since is None else self.since.start

    @property
    def is_fixed(self) -> bool:
        """Whether no pause moves its due instant."""
        return isinstance(self.rule.budget, Deadline | FieldDeadline)

    @property
    def counting_calendar(self) -> Hours:
        """The calendar that counts the time used; until a fixed instant of the policy every hour counts."""
        return _ALWAYS if isinstance(self.rule.budget, Deadline) else self.calendar

    def holding(self, setup: ClockSetup) -> ClockSetup:
        """The same setup, with the pauses that this promise allows."""
        own, triggers = self.rule.clock(setup.clock.on_reopen), setup.clock.triggers
        held = {name: getattr(own.triggers, name) for name in HOLDING}
        return replace(setup, clock=replace(setup.clock, pausable=own.pausable, triggers=replace(triggers, **held)))

    def applies_to(self, cycle: Cycle) -> bool:
        """Whether the promise was in force while the clock was going, or is in force while the clock waits.

        A promise that came into force as the clock stopped came too late.
        """
        if cycle.started_at is None:
            return self.end is None
        return any(self._overlaps(span) for span in cycle.going)

    def _overlaps(self, span: Span) -> bool:
        if span.start == span.end:
            # A clock that stopped as it started has the promise of that instant.
            span = Span(span.start, Instant(span.start + 1))
        begins_late = self.start is not None and span.end is not None and span.end <= self.start
        return not begins_late and (self.end is None or span.start < self.end)

    def length(self, cycle: Cycle) -> Micros | None:
        """What the promise allows in this cycle: working time, or wall time until a fixed instant. None where a field
        of the ticket should say it and does not.

        It is counted from the start of the clock; of a clock that waits, from where its wait began.
        """
        budget, start = self.rule.budget, cycle.since if cycle.started_at is None else cycle.started_at
        if isinstance(budget, FieldDeadline):
            due_at = None if self.deadline is None else self.deadline.due_at
            return None if due_at is None else self.calendar.elapsed(start, Instant(max(start, due_at)))
        if isinstance(budget, Deadline):
            return Micros(budget.after(self.calendar.at(start).timezone, start) - start)
        return budget.length(self.calendar.at(start), start) if isinstance(budget, WorkingDays) else budget

    def measured(self, cycle: Cycle) -> MeasuredPromise:
        """The cycle under this promise "from the same start, with its pauses", whatever was promised before."""
        length = self.length(cycle)
        ran = _unbroken(cycle) if self.is_fixed else cycle.ran
        progress = Progress.along(ran, self.counting_calendar)
        if length is None:
            return MeasuredPromise(self, cycle, None, progress, (), ())
        return MeasuredPromise(self, cycle, length, progress, _marks(self, length), _steps(self, length))


@dataclass(frozen=True, slots=True)
class Progress:
    """Time along the spans in which a clock ran, as a calendar counts it; `worked` in each that has ended."""

    calendar: Hours
    ran: tuple[Span, ...]
    worked: tuple[Micros, ...]

    @classmethod
    def along(cls, ran: tuple[Span, ...], calendar: Hours) -> Progress:
        return cls(calendar, ran, tuple(calendar.elapsed(one.start, one.end) for one in ran if one.end is not None))

    @property
    def used(self) -> Micros:
        """Time of all spans that have ended."""
        return Micros(sum(self.worked))

    def used_by(self, instant: Instant) -> Micros:
        """Time of the spans, or the parts of them, that lie before the instant."""
        parts = (span.clip(self.ran[0].start, instant) for span in self.ran)
        return Micros(sum(self.calendar.elapsed(part.start, part.end) for part in parts if part is not None))

    def reach(self, threshold: Micros) -> Instant | None:
        """When `threshold` is used up while the clock runs; an event at that very instant comes first."""
        left = threshold
        for span, worked in zip(self.ran, self.worked, strict=False):
            assert span.end is not None
            if left <= worked and (at := self.calendar.add(span.start, left)) < span.end:
                return at
            left = Micros(left - worked)
        if len(self.worked) < len(self.ran):
            return self.calendar.add(self.ran[-1].start, left)
        return None

    def reach_if_ever(self, threshold: Micros) -> Instant | None:
        try:
            return self.reach(threshold)
        except WorkingTimeExhausted:
            return None


@dataclass(frozen=True, slots=True)
class MeasuredPromise:
    """A cycle under one promise: how long it may take (`length`), how far it got, and its milestones, unplanned.

    `marks` are those of every promise, `steps` those of its policy's escalations. Without a length there are none.
    """

    promise: Promise
    cycle: Cycle
    length: Micros | None
    progress: Progress
    marks: tuple[Milestone, ...]
    steps: tuple[Step, ...]

    @property
    def milestones(self) -> tuple[Milestone, ...]:
        return (*self.marks, *(step.mark for step in self.steps))

    def climbed(self, reached: Mapping[str, Milestone]) -> dict[str, Milestone]:
        """What was reached before the promise came into force, with the escalation steps that are reached under it."""
        promise = self.promise
        climb = Climb(self.cycle, self.happens, self.progress.used_by, promise.end, promise.step_hours)
        return climbed(climb, self.steps, reached)

    def happens(self, threshold: Micros) -> Instant | None:
        """When the threshold is reached while the promise is in force; None if it is not.

        A threshold that had been reached before the promise came into force is reached at that instant. A fixed
        instant that passes while the ticket is closed is reached when the ticket is reopened.
        """
        at = self._reach(threshold)
        if at is None:
            return None
        start, end = self.promise.start, self.promise.end
        if start is not None or self.promise.is_fixed:
            at = _first_going(self.cycle, at, start)
        return None if at is None or (end is not None and at >= end) else at

    def forgiven(self, reached: Mapping[str, Milestone]) -> dict[str, Milestone]:
        """What was reached before the promise came into force, without a breach for which it has time left.

        With that breach goes all that the time used had not come to by then under this promise.
        """
        breach = reached.get(BREACHED)
        if breach is None or (self.length is not None and self._had_reached(self.length)):
            return dict(reached)
        own = {mark.name: mark.threshold for mark in self.milestones}
        kept = {
            name: mark
            for name, mark in reached.items()
            if (self._had_reached(own[name]) if name in own else mark.threshold < breach.threshold)
        }
        return {name: mark for name, mark in kept.items() if mark.step in kept}

    def _had_reached(self, threshold: Micros) -> bool:
        at = self._reach(threshold)
        return at is not None and self.promise.start is not None and at <= self.promise.start

    def _reach(self, threshold: Micros) -> Instant | None:
        """When the threshold is used up. What a field says is due then, though no working time may lead up to it."""
        due_at = None if self.promise.deadline is None else self.promise.deadline.due_at
        if due_at is None or self.length is None or threshold < self.length:
            return self.progress.reach_if_ever(threshold)
        try:
            at = (
                self.promise.calendar.add(due_at, Micros(threshold - self.length))
                if threshold > self.length
                else due_at
            )
        except WorkingTimeExhausted:
            return None
        started_at, stopped_at = self.cycle.started_at, self.cycle.stopped_at
        if started_at is None or (stopped_at is not None and at >= max(stopped_at, started_at + 1)):
            return None
        return at

    @property
    def used(self) -> Micros:
        """As of the last change of the clock's state; until a fixed instant all time counts, closed hours too."""
        cycle = self.cycle
        if self.promise.is_fixed and cycle.stopped_at is None and cycle.started_at is not None:
            return self.promise.counting_calendar.elapsed(cycle.started_at, cycle.since)
        return self.progress.used

    def due(self, breached_at: Instant | None) -> Instant | None:
        """The due instant; of a clock that stopped in time, the one it would have had. None while paused or waiting."""
        if self.promise.is_fixed and self.cycle.started_at is not None:
            if self.promise.deadline is not None:
                return self.promise.deadline.due_at
            return None if self.length is None else Instant(self.cycle.started_at + self.length)
        if breached_at is not None or self.cycle.stopped_at is None or self.length is None:
            return breached_at
        left = Micros(max(0, self.length - self.used))
        return self.promise.counting_calendar.add(self.cycle.since, left)


def target_of(promises: Iterable[tuple[Promise, Cycle]], number: int) -> TargetPlan:
    """One cycle of a clock under the promises that were in force in it, in their order; at least one.

    `number` counts the cycles of the clock from 1. Each promise comes with the cycle as it sees it: what holds the
    clock may differ between promises, when it starts and stops does not. A milestone happens at the first instant at
    which the time used has come to its share of what is promised then. Raises WorkingTimeExhausted when what is
    promised last is due beyond 2100.
    """
    measured = [promise.measured(cycle) for promise, cycle in promises]
    reached: dict[str, Milestone] = {}
    broken = measured[-1]
    for one in measured:
        if one.promise.forgives:
            reached = one.forgiven(reached)
            broken = broken if BREACHED in reached else measured[-1]
        for mark in one.marks:
            if mark.name not in reached and (at := one.happens(mark.threshold)) is not None:
                reached[mark.name] = Milestone(mark.name, mark.threshold, at, mark.escalation)
                broken = one if mark.name == BREACHED else broken
        reached = one.climbed(reached)
    reached = unanswered(reached, measured[-1].promise.acknowledged)
    planned = _planned(measured[-1], number, reached)
    broken_policy = broken.promise.in_force
    if broken_policy is measured[-1].promise.in_force:
        return planned
    return replace(planned, breached_under=broken_policy.own_facts)


def _planned(last: MeasuredPromise, number: int, reached: Mapping[str, Milestone]) -> TargetPlan:
    cycle, breach = last.cycle, reached.get(BREACHED)
    if breach is None and last.length is not None and last.promise.deadline is None:
        # Beyond the last year that calendars know nothing can be promised.
        last.progress.reach(last.length)
    breached_at = None if breach is None else breach.planned_at
    return TargetPlan(
        id=last.promise.rule.id,
        type=last.promise.rule.type,
        cycle=number,
        budget=last.length,
        state=cycle.state,
        since=cycle.since,
        used=last.used,
        paused_for=cycle.paused_for,
        started_at=cycle.started_at,
        stopped_at=cycle.stopped_at,
        due_at=last.due(breached_at),
        breached_at=breached_at,
        milestones=_milestones(last, reached),
        superseded=cycle.superseded,
        fixed=isinstance(last.promise.rule.budget, Deadline),
        policy=last.promise.in_force.facts,
        label=last.promise.rule.name,
        used_when_breached=_used_when_breached(last, breached_at),
        deadline=last.promise.deadline,
    )


def _used_when_breached(last: MeasuredPromise, breached_at: Instant | None) -> Micros | None:
    """None where it is what is promised, as it is wherever nothing but the first promise of a clock was in force."""
    if breached_at is None or (last.promise.start is None and not last.promise.is_fixed):
        return None
    used = last.progress.used_by(breached_at)
    return None if used == last.length else used


def _milestones(last: MeasuredPromise, reached: Mapping[str, Milestone]) -> tuple[Milestone, ...]:
    """The milestones of the latest promise, and those that happened under an earlier one."""
    marks = {**{mark.name: mark for mark in last.milestones}, **reached}
    return tuple(sorted(marks.values(), key=lambda mark: mark.threshold))


def _marks(promise: Promise, budget: Micros) -> tuple[Milestone, ...]:
    marks = [Milestone(HALFWAY, budget_share(budget, Decimal(50)), None), Milestone(BREACHED, budget, None)]
    if (percent := promise.in_force.policy.at_risk_percent) is not None:
        marks.insert(1, Milestone(AT_RISK, budget_share(budget, percent), None))
    return tuple(marks)


def _steps(promise: Promise, budget: Micros) -> tuple[Step, ...]:
    rules = (rule for rule in promise.in_force.policy.steps if rule.applies_to(promise.rule.type))
    steps = (
        Step(rule, Milestone(f"{ESCALATION}:{rule.id}", rule.threshold(budget), None, rule.to_json())) for rule in rules
    )
    return tuple(sorted(steps, key=lambda step: step.mark.threshold))


def _first_going(cycle: Cycle, reached: Instant, start: Instant | None) -> Instant | None:
    """The first instant at which the clock runs or is paused, neither before `reached` nor before `start`.

    A clock that stops as it starts goes for that one instant, but not if its time is used up (`reached`) at that very
    instant: the event comes first.
    """
    since = reached if start is None else max(reached, start)
    for span in cycle.going:
        if span.end is None or span.end > since or reached < span.start == span.end == since:
            return Instant(max(span.start, since))
    return None


def _unbroken(cycle: Cycle) -> tuple[Span, ...]:
    """The one span from its start to its stop: nothing moves a fixed instant."""
    return () if cycle.started_at is None else (Span(cycle.started_at, cycle.stopped_at),)
