"""What started a clock, and what stopped or cancelled it: an event, by whom, and the condition that it made hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.plan.measured.measuring import MeasuredCycle
from domain.policy.clocks.clocks import ClockState, OnReopen
from domain.policy.clocks.event_patterns import EventPatterns, matching
from domain.ticket.conditions.criteria import Criteria
from domain.ticket.events import Event
from domain.ticket.timeline import Turn


@dataclass(frozen=True, slots=True)
class Mover:
    """`does` is what the event did to the clock, such as `stopped`; `condition` is spelled where the fields did so."""

    does: str
    event: Event
    condition: str | None = None


def started_by(measured: MeasuredCycle, turns: Mapping[str, Turn]) -> Mover | None:
    turn = turns.get(measured.cycle.started_by or "")
    if turn is None:
        return None
    clock = measured.rule.clock(OnReopen.CONTINUE)
    return Mover("started", turn.event, _condition(turn, clock.rule.starts_on, clock.triggers.starts_when))


def ended_by(measured: MeasuredCycle, turns: Mapping[str, Turn]) -> Mover | None:
    cycle = measured.cycle
    turn = turns.get(cycle.ended_by or "")
    if turn is None:
        return None
    clock = measured.rule.clock(OnReopen.CONTINUE)
    if cycle.superseded:
        return Mover("superseded", turn.event)
    if cycle.state is ClockState.CANCELLED:
        when = _condition(turn, clock.rule.cancels_on, clock.triggers.cancels_when)
        return Mover("cancelled", turn.event, when)
    known = clock.rule.stops_on + clock.rule.renews_on
    return Mover("stopped", turn.event, _condition(turn, known, clock.triggers.stops_when))


def _condition(turn: Turn, patterns: EventPatterns, criteria: Criteria | None) -> str | None:
    """The condition, where it holds and the event itself does nothing to the clock."""
    if criteria is None or matching(patterns, turn.event) or not criteria.hold(turn.attributes):
        return None
    return str(criteria)
