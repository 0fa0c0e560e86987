"""Escalation steps in the plan: held until their hours open, repeated, and ended by an acknowledgement.

A ladder is all the steps of a policy that apply to a target, in one cycle of its clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.calendar import Calendar
from domain.errors import WorkingTimeExhausted
from domain.instants import Instant, Micros
from domain.plan.milestones import AUTOMATIC, REPEAT, Milestone
from domain.policy.clocks.clocks import Cycle, Span
from domain.policy.escalations import EscalationRule
from domain.ticket.events import EventKind
from domain.ticket.timeline import Turn

StepHours = Mapping[str, Calendar]
"""The business hours in which steps may speak, by id. Hours that are not there hold no step."""


@dataclass(frozen=True, slots=True)
class Step:
    """An escalation step of the policy in force, and its milestone as it stands in the plan: unplanned."""

    rule: EscalationRule
    mark: Milestone


@dataclass(frozen=True, slots=True)
class Climb:
    """The ladder's way through one cycle under one promise.

    `happens` says when a length of used time is reached while the promise is in force, `used_by` how much is used by an
    instant. `end` is when another promise takes its place.
    """

    cycle: Cycle
    happens: Callable[[Micros], Instant | None]
    used_by: Callable[[Instant], Micros]
    end: Instant | None
    hours: StepHours

    def spoken(self, step: Step) -> Milestone | None:
        """The step as it speaks for the first time; None where it does not."""
        mark, at = step.mark, self.happens(step.mark.threshold)
        return None if at is None else self._milestone(step, mark.name, mark.threshold, at, 0)

    def repeats(self, step: Step, first: Milestone, so_far: Sequence[Milestone]) -> Iterator[Milestone]:
        """The repeats to come after `so_far`: each the step's `repeat` of used time after it spoke last."""
        last = so_far[-1] if so_far else first
        for number in range(len(so_far) + 1, step.rule.repeat_at_most + 1):
            assert step.rule.repeat is not None
            assert last.planned_at is not None
            threshold = Micros(max(last.threshold, self.used_by(last.planned_at)) + step.rule.repeat)
            at = self.happens(threshold)
            name = f"{first.name}{REPEAT}{number}"
            following = None if at is None else self._milestone(step, name, threshold, at, number)
            if following is None:
                return
            last = following
            yield following

    def _milestone(self, step: Step, name: str, threshold: Micros, at: Instant, number: int) -> Milestone | None:
        hours = None if step.rule.hours is None else self.hours.get(step.rule.hours)
        spoken = at if hours is None else self._opening(hours, at)
        if spoken is None or (self.end is not None and spoken >= self.end):
            return None
        held_since = at if spoken > at else None
        return Milestone(name, threshold, spoken, step.mark.escalation, held_since, number)

    def _opening(self, hours: Calendar, at: Instant) -> Instant | None:
        """The first instant from `at` on at which the hours are open and the clock is still going, or going again."""
        for span in self.cycle.going:
            if span.end is not None and span.end <= at:
                continue
            opening = _opens(hours, Instant(max(at, span.start)))
            if opening is not None and (span.end is None or opening < span.end):
                return opening
        return None


def climbed(climb: Climb, steps: Iterable[Step], reached: Mapping[str, Milestone]) -> dict[str, Milestone]:
    """What is reached with the steps and the repeats that this promise adds to what was reached before it."""
    found = dict(reached)
    for step in steps:
        first = found.get(step.mark.name) or climb.spoken(step)
        if first is None:
            continue
        found[first.name] = first
        if step.rule.repeat is not None:
            so_far = [one for one in found.values() if one.repeat and one.step == first.name]
            found |= {one.name: one for one in climb.repeats(step, first, so_far)}
    return found


def acknowledgements(turns: Iterable[Turn]) -> tuple[Span, ...]:
    """From each acknowledgement until the ticket is reopened, or for good. That of a bot is none."""
    found: list[Span] = []
    for turn in turns:
        if turn.event.kind is EventKind.REOPENED:
            found = [span.ended(turn.at) for span in found]
        elif turn.event.kind is EventKind.ACKNOWLEDGED and turn.event.is_told_by_usual_author:
            found.append(Span(turn.at, None))
    return tuple(found)


def unanswered(reached: Mapping[str, Milestone], answers: Iterable[Span]) -> dict[str, Milestone]:
    """What is reached, without the steps that an acknowledgement has ended.

    Only one that comes after the ladder has begun ends what is still to come: that of a ticket as such says nothing
    about a warning which nobody had seen by then. The step to Scrubbe's escalation contact is no part of a ladder.
    """
    ladder = [one for one in reached.values() if one.escalation is not None and one.name != AUTOMATIC]
    begun = min((_reached_at(one) for one in ladder), default=None)
    ends = [] if begun is None else [span for span in answers if span.start > begun]
    ended = {one.name for one in ladder if any(_ends(span, one) for span in ends)}
    return {name: one for name, one in reached.items() if name not in ended}


def _ends(answer: Span, step: Milestone) -> bool:
    assert step.planned_at is not None
    assert step.escalation is not None
    comes_within = answer.start <= step.planned_at and (answer.end is None or step.planned_at < answer.end)
    return comes_within and not step.escalation.get("despite_acknowledgement", False)


def _reached_at(step: Milestone) -> Instant:
    at = step.planned_at if step.held_since is None else step.held_since
    assert at is not None
    return at


def _opens(hours: Calendar, at: Instant) -> Instant | None:
    """`at` itself where the hours are open, else when they open next; None where they never do."""
    try:
        return Instant(hours.add(at, Micros(1)) - 1)
    except WorkingTimeExhausted:
        return None
