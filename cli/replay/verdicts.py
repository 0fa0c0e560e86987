"""What an instance did, compared with the plan of the same events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cli.replay.driver import ReplayedCase
from domain.instants import SECOND, Instant, Micros, in_seconds, render, render_optional
from domain.plan.plans import TargetPlan
from domain.plan.status import instance_status, met
from domain.record.ledger import Firing, planned_milestones, standing
from domain.record.notices import firing_id, withdrawal_id

PROMPT = Micros(1 * SECOND)


@dataclass(frozen=True, slots=True)
class Difference:
    instance_id: str
    what: str
    expected: str
    found: str


def differences(outcome: ReplayedCase, as_of: Instant, *, in_order: bool = True) -> list[Difference]:
    """Everything in which the workflow differs from the plan. An open ticket is compared as of the log's end.

    If events did not arrive `in_order`, milestones may have fired late and some may have been withdrawn.
    """
    prompt = _prompt(outcome) if in_order else ()
    found = (*_instance(outcome, as_of), *_targets(outcome, as_of), *_milestones(outcome, as_of), *prompt)
    found = (*found, *_notices(outcome))
    return [Difference(outcome.case.instance_id, what, str(expected), str(got)) for what, expected, got in found]


_Found = Iterator[tuple[str, object, object]]


def _instance(outcome: ReplayedCase, as_of: Instant) -> _Found:
    expected = outcome.case.expected
    pairs = (
        ("workflow", "running" if expected.closed_at is None else "completed", outcome.execution),
        ("status", instance_status(expected, as_of).value, outcome.status),
        ("signals set aside", 0, outcome.set_aside),
        ("opened at", render(expected.opened_at), render(outcome.plan.opened_at)),
        ("targets", [_name(target) for target in expected.targets], [_name(target) for target in outcome.plan.targets]),
    )
    yield from _unequal(pairs)


def _targets(outcome: ReplayedCase, as_of: Instant) -> _Found:
    for target in outcome.case.expected.targets:
        found = outcome.plan.target(target.name, target.cycle)
        if found is None or found == target:
            continue
        name = _name(target)
        yield from _unequal(
            (
                (f"{name}: met", met(target, as_of), met(found, as_of)),
                (f"{name}: due", render_optional(target.due_at), render_optional(found.due_at)),
                (f"{name}: plan", _other_facts(target), _other_facts(found)),
            )
        )
        planned = {milestone.name: milestone.planned_at for milestone in found.milestones}
        for milestone in target.milestones:
            at = planned.get(milestone.name)
            yield from _unequal(
                ((f"{name}/{milestone.name}: planned", render_optional(milestone.planned_at), render_optional(at)),)
            )


def _milestones(outcome: ReplayedCase, as_of: Instant) -> _Found:
    fired = standing(outcome.ledger)
    planned = dict(planned_milestones(outcome.case.expected))
    for key, at in planned.items():
        if key not in fired and at <= as_of:
            yield f"{key}: fired", render(at), None
    for key, firing in fired.items():
        if planned.get(key) != firing.planned_at:
            yield f"{key}: fired for", render_optional(planned.get(key)), render(firing.planned_at)


def _prompt(outcome: ReplayedCase) -> _Found:
    for key, firing in standing(outcome.ledger).items():
        if not 0 <= lateness(firing) <= PROMPT:
            yield f"{key}: fired", f"within a second of {render(firing.planned_at)}", render(firing.fired_at)
    for firing in outcome.ledger:
        if firing.withdrawn_at is not None:
            yield f"{firing.key}: withdrawn", None, render(firing.withdrawn_at)


def _notices(outcome: ReplayedCase) -> _Found:
    """Every firing was announced once, and nothing else was."""
    facts = outcome.case.snapshot.facts
    own = facts.organization, facts.instance_id
    expected = {firing_id(*own, firing) for firing in outcome.ledger}
    expected |= {withdrawal_id(*own, firing) for firing in outcome.ledger if not firing.stands}
    for notice_id in sorted(expected | outcome.notices.keys()):
        wanted, arrived = int(notice_id in expected), outcome.notices.get(notice_id, 0)
        if wanted != arrived:
            yield f"notice {notice_id.removeprefix('/'.join((*own, '')))}: arrivals", wanted, arrived


def lateness(firing: Firing) -> Micros:
    """Between the planned instant and the firing, on the server's clock."""
    return Micros(firing.fired_at - firing.planned_at)


def _other_facts(target: TargetPlan) -> str:
    facts = {
        "id": target.id,
        "budget": None if target.budget is None else in_seconds(target.budget),
        "state": target.state.value,
        "since": render(target.since),
        "used": in_seconds(target.used),
        "paused": in_seconds(target.paused_for),
        "started": render_optional(target.started_at),
        "stopped": render_optional(target.stopped_at),
        "breached": render_optional(target.breached_at),
        "milestones": [milestone.name for milestone in target.milestones],
    }
    return ", ".join(f"{name} {value}" for name, value in facts.items())


def _name(target: TargetPlan) -> str:
    return f"{target.name}/{target.cycle}"


def _unequal(pairs: tuple[tuple[str, object, object], ...]) -> _Found:
    yield from (pair for pair in pairs if pair[1] != pair[2])
