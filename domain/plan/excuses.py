"""Excuses: which cycles they cover, and which targets may be excused. No clock knows of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from domain.errors import InvalidValue
from domain.instants import Instant
from domain.plan.facts import Excuse
from domain.plan.measured.measuring import MeasuredCycle
from domain.plan.plans import Plan, TargetPlan
from domain.plan.status import exceeded
from domain.policy.snapshot import Snapshot
from domain.ticket.events import EXCUSES, Event
from domain.ticket.excuses import Covers, ExcuseScope
from domain.ticket.timeline import Turn


def with_excuses(cycles: Iterable[MeasuredCycle], turns: Iterable[Turn]) -> Iterator[MeasuredCycle]:
    """The cycles, each with the excuse in force: the last one that covers it and was not undone since. Told again, an
    excuse keeps its time.

    An excuse covers cycles that had begun by then, and a breach only if it had happened by then.
    """
    told = [turn for turn in turns if turn.event.kind in EXCUSES]
    for one in cycles:
        excuse = _in_force(one.target, told)
        yield one if excuse is None else replace(one, target=replace(one.target, excuse=excuse))


def covered(plan: Plan, excuse: Event) -> Sequence[TargetPlan]:
    """The cycles that the excuse covers, whatever is said of them before or after it."""
    scope, at = excuse.excuse, Instant(max(excuse.occurred_at, plan.opened_at))
    if scope is None or scope.covers is None:
        return ()
    return [one for one in plan.targets if _is_named(one, scope) and _covers(one, at, scope.covers)]


def require_known_targets(snapshot: Snapshot, plan: Plan, events: Iterable[Event]) -> None:
    """Raises InvalidValue for an excuse, or its undoing, of a target that the ticket neither has nor may come to."""
    for event in events:
        if event.excuse is not None and event.excuse.clock not in (known := excusable(snapshot, plan)):
            raise InvalidValue("target", event.excuse.target, f"must be one of {', '.join(known)}")


def excusable(snapshot: Snapshot, plan: Plan) -> Sequence[str]:
    """The names of the clocks that the ticket has, or may come to have as it changes."""
    changes = [rule for one in snapshot.alternatives for rule in one.policy.targets]
    own = snapshot.policy.targets if snapshot.alternatives else snapshot.targets
    names = (*(one.clock_name for one in plan.targets), *(rule.clock_name for rule in (*own, *changes)))
    return tuple(dict.fromkeys(names))


def _in_force(target: TargetPlan, told: Iterable[Turn]) -> Excuse | None:
    found: Excuse | None = None
    for turn in told:
        event, scope = turn.event, turn.event.excuse
        if scope is None or not _is_named(target, scope):
            continue
        if scope.covers is None:
            found = None
        elif _covers(target, turn.at, scope.covers):
            said = Excuse(event.event_id, turn.at, scope.covers, event.reason, event.actor)
            found = found if found is not None and found.says_the_same_as(said) else said
    return found


def _is_named(target: TargetPlan, scope: ExcuseScope) -> bool:
    return scope.target in (target.clock_name, target.name) and scope.cycle in (None, target.cycle)


def _covers(target: TargetPlan, at: Instant, covers: Covers) -> bool:
    if target.started_at is None or target.started_at > at:
        return False
    return covers is Covers.RESULT or exceeded(target, at)
