"""What a tried ticket would be promised, as it is shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.explaining.policy_text import spoken_condition
from domain.instants import Instant
from domain.plan.milestones import Milestone
from domain.plan.plans import Plan
from domain.policy.match_record import DISABLED, PassedPolicy
from domain.ticket.conditions.conditions import Match
from service.policies.trying import Trial
from web.pages.policies.sentences import Names, step
from web.showing.durations import duration
from web.showing.words import words


@dataclass(frozen=True, slots=True)
class Passed:
    """A policy that does not match, and why, a sentence each."""

    id: str
    name: str
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Mark:
    at: Instant
    says: str


@dataclass(frozen=True, slots=True)
class Due:
    promise: str
    length: str
    due: Instant | None
    marks: Sequence[Mark]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`policy_id` is empty where no policy matches."""

    policy_id: str
    policy: str
    because: Sequence[str]
    passed: Sequence[Passed]
    not_asked: Sequence[str]
    dues: Sequence[Due]
    opened_at: Instant


def outcome_of(trial: Trial, names: Names) -> Outcome:
    snapshot = trial.snapshot
    policy = None if snapshot is None else snapshot.policy
    return Outcome(
        policy_id="" if policy is None else policy.id,
        policy="" if policy is None else policy.name,
        because=[spoken_condition(one) for one in trial.held] or ["it takes every ticket"],
        passed=[passed(one) for one in trial.passed],
        not_asked=trial.not_asked,
        dues=[] if trial.plan is None or policy is None else _dues(trial.plan, trial, names),
        opened_at=trial.opened_at,
    )


def passed(one: PassedPolicy) -> Passed:
    if one.reason == DISABLED:
        return Passed(one.id, one.name, ["it is switched off"])
    reasons = [spoken_condition(failed) for failed in one.failed]
    if one.match is Match.ANY and len(reasons) > 1:
        reasons.insert(0, "none of its conditions holds")
    if one.failed_in_all > len(one.failed):
        reasons.append(f"and {one.failed_in_all - len(one.failed)} more")
    return Passed(one.id, one.name, reasons)


def _dues(plan: Plan, trial: Trial, names: Names) -> list[Due]:
    assert trial.snapshot is not None
    policy = trial.snapshot.policy
    steps = {one.id: step(one, names) for one in policy.steps}
    found = []
    for target in plan.targets:
        marks = [
            Mark(one.planned_at, _mark(one, steps))
            for one in target.milestones
            if one.planned_at is not None and not one.repeat
        ]
        length = "" if target.budget is None else duration(target.budget)
        note = "" if target.due_at is not None else "it has not started; an event or a condition starts it"
        found.append(Due(words(target.label or target.type), length, target.due_at, _in_order(marks), note))
    return found


def _in_order(marks: Iterable[Mark]) -> list[Mark]:
    return sorted(marks, key=lambda one: one.at)


def _mark(one: Milestone, steps: dict[str, str]) -> str:
    return words(one.name) if one.escalation is None else steps.get(str(one.escalation["id"]), words(one.name))


def summary(outcome: Outcome) -> str:
    if not outcome.policy_id:
        return "No policy matches: the ticket would have no promise."
    return f"It would get the policy {outcome.policy}."
