"""How far a clock has got along its life, and when it reaches what was promised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.calendar import Calendar
from domain.errors import WorkingTimeExhausted
from domain.instants import Instant, Micros
from domain.plan.cycles import ClockSetup
from domain.plan.plans import AT_RISK, BREACHED, ESCALATION, HALFWAY, Milestone, TargetPlan
from domain.plan.promises import PolicyInForce
from domain.policy.budgets import Deadline, WorkingDays
from domain.policy.clocks import Cycle, Span
from domain.policy.escalations import share
from domain.policy.policies import TargetRule

_ALWAYS = Calendar.always()


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise while its terms were in force, until `following` replaced them, and the calendar it is measured in."""

    terms: PolicyInForce
    rule: TargetRule
    calendar: Calendar
    following: PolicyInForce | None

    @property
    def end(self) -> Instant | None:
        return None if self.following is None else self.following.start

    @property
    def start(self) -> Instant | None:
        """None for the promise of the opening."""
        return None if self.terms.event_id is None else self.terms.start

    @property
    def is_fixed(self) -> bool:
        return isinstance(self.rule.budget, Deadline)

    @property
    def measure(self) -> Calendar:
        """The calendar that counts the time used; all of it counts until a fixed instant."""
        return _ALWAYS if self.is_fixed else self.calendar

    def holding(self, setup: ClockSetup) -> ClockSetup:
        """The same clock, held by what this promise says."""
        own = self.rule.clock(setup.clock.on_reopen)
        return replace(setup, clock=replace(setup.clock, pausable=own.pausable, pauses_when=own.pauses_when))

    def is_in_force(self, life: Cycle) -> bool:
        """Whether it was while the clock was going, or is while it waits; what came as it stopped came too late."""
        if life.started_at is None:
            return self.end is None
        return any(self._overlaps(span) for span in life.going)

    def _overlaps(self, span: Span) -> bool:
        if span.start == span.end:
            # A clock that stopped as it started has the promise of that instant.
            span = Span(span.start, Instant(span.start + 1))
        begins_late = self.start is not None and span.end is not None and span.end <= self.start
        return not begins_late and (self.end is None or span.start < self.end)

    def length(self, life: Cycle) -> Micros:
        """What it allows a clock that starts as that one did: working time, or wall time until a fixed instant."""
        budget, start = self.rule.budget, life.since if life.started_at is None else life.started_at
        if isinstance(budget, Deadline):
            return Micros(budget.after(self.calendar.timezone, start) - start)
        return budget.length(self.calendar, start) if isinstance(budget, WorkingDays) else budget

    def over(self, life: Cycle) -> MeasuredPromise:
        """The life measured by this promise "from the same start, with its pauses", whatever was promised before."""
        length = self.length(life)
        ran = _unbroken(life) if self.is_fixed else life.ran
        return MeasuredPromise(self, life, length, Progress.along(ran, self.measure), _marks(self, length))


@dataclass(frozen=True, slots=True)
class Progress:
    """Time along the spans in which a clock ran, as a calendar counts it; `worked` in each that has ended."""

    calendar: Calendar
    ran: tuple[Span, ...]
    worked: tuple[Micros, ...]

    @classmethod
    def along(cls, ran: tuple[Span, ...], calendar: Calendar) -> Progress:
        return cls(calendar, ran, tuple(calendar.elapsed(one.start, one.end) for one in ran if one.end is not None))

    @property
    def used(self) -> Micros:
        """Time of all spans that have ended."""
        return Micros(sum(self.worked))

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
    """A life under one promise: how long it may take, how far it got, and the milestones on the way, unplanned."""

    yardstick: Promise
    life: Cycle
    length: Micros
    progress: Progress
    marks: tuple[Milestone, ...]

    def happens(self, threshold: Micros) -> Instant | None:
        """When the threshold is reached while the promise is in force; at its beginning if it had been reached by then.

        A fixed instant that passes while the ticket is closed is missed by a reopening.
        """
        at = self.progress.reach_if_ever(threshold)
        if at is None:
            return None
        start, end = self.yardstick.start, self.yardstick.end
        if start is not None or self.yardstick.is_fixed:
            at = _first_going(self.life, at, start)
        return None if at is None or (end is not None and at >= end) else at

    @property
    def used(self) -> Micros:
        """As of the last turn of the clock's state; until a fixed instant all time counts, the closed too."""
        life = self.life
        if self.yardstick.is_fixed and life.stopped_at is None and life.started_at is not None:
            return Micros(life.since - life.started_at)
        return self.progress.used

    def due(self, breached_at: Instant | None) -> Instant | None:
        """Where it ends, or would have for a clock that stopped within it; None while it is paused or waiting."""
        if self.yardstick.is_fixed and self.life.started_at is not None:
            return Instant(self.life.started_at + self.length)
        if breached_at is not None or self.life.stopped_at is None:
            return breached_at
        left = Micros(max(0, self.length - self.used))
        return self.yardstick.measure.add(self.life.since, left)


def target_of(promises: Iterable[tuple[Promise, Cycle]], cycle: int) -> TargetPlan:
    """One life of a clock under the promises that were in force in it, in their order; at least one. Each comes with
    the life as it sees it: what holds the clock may differ, when it starts and stops does not.

    A milestone happens at the first instant at which the time used has come to its share of what is promised then.
    Raises WorkingTimeExhausted when what is promised last is due beyond 2100.
    """
    measured = [yardstick.over(life) for yardstick, life in promises]
    reached: dict[str, Milestone] = {}
    for one in measured:
        for mark in one.marks:
            if mark.name not in reached and (at := one.happens(mark.threshold)) is not None:
                reached[mark.name] = Milestone(mark.name, mark.threshold, at, mark.escalation)
    return _planned(measured[-1], cycle, reached)


def _planned(last: MeasuredPromise, cycle: int, reached: Mapping[str, Milestone]) -> TargetPlan:
    life, breach = last.life, reached.get(BREACHED)
    if breach is None:
        # Beyond the last year that calendars know nothing can be promised.
        last.progress.reach(last.length)
    breached_at = None if breach is None else breach.planned_at
    return TargetPlan(
        id=last.yardstick.rule.id,
        type=last.yardstick.rule.type,
        cycle=cycle,
        budget=last.length,
        state=life.state,
        since=life.since,
        used=last.used,
        paused_for=life.paused_for,
        started_at=life.started_at,
        stopped_at=life.stopped_at,
        due_at=last.due(breached_at),
        breached_at=breached_at,
        milestones=_milestones(last, reached),
        superseded=life.superseded,
        fixed=last.yardstick.is_fixed,
        policy=last.yardstick.terms.facts,
    )


def _milestones(last: MeasuredPromise, reached: Mapping[str, Milestone]) -> tuple[Milestone, ...]:
    """Those of the latest promise, and those that happened under an earlier one."""
    marks = {**{mark.name: mark for mark in last.marks}, **reached}
    return tuple(sorted(marks.values(), key=lambda mark: mark.threshold))


def _marks(yardstick: Promise, budget: Micros) -> tuple[Milestone, ...]:
    policy, type_ = yardstick.terms.policy, yardstick.rule.type
    marks = [Milestone(HALFWAY, share(budget, Decimal(50)), None), Milestone(BREACHED, budget, None)]
    if policy.at_risk_percent is not None:
        marks.insert(1, Milestone(AT_RISK, share(budget, policy.at_risk_percent), None))
    steps = (step for step in policy.steps if step.applies_to(type_))
    marks += (Milestone(f"{ESCALATION}:{step.id}", step.threshold(budget), None, step.to_json()) for step in steps)
    return tuple(sorted(marks, key=lambda mark: mark.threshold))


def _first_going(life: Cycle, reached: Instant, start: Instant | None) -> Instant | None:
    """The first instant from both on at which the clock runs or is paused.

    One that stops as it starts goes for that instant, unless that is the very one at which the time is used up: what
    happens then comes first.
    """
    since = reached if start is None else max(reached, start)
    for span in life.going:
        if span.end is None or span.end > since or reached < span.start == span.end == since:
            return Instant(max(span.start, since))
    return None


def _unbroken(life: Cycle) -> tuple[Span, ...]:
    """From its start to its stop: nothing moves a fixed instant."""
    return () if life.started_at is None else (Span(life.started_at, life.stopped_at),)
