"""What operators see of an instance in the Temporal UI: a list of its targets and a few typed search attributes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

from domain.instants import Instant, from_datetime, parse, render, to_datetime
from domain.plan.plans import Plan, TargetPlan
from domain.plan.status import instance_status, met
from domain.policy.snapshot_facts import Facts
from domain.record.notices import spoken_milestone
from domain.record.records import next_due
from domain.wording import spoken_instant
from workflows.state.instance_state import InstanceState

STATUS = SearchAttributeKey.for_keyword("SlaStatus")
POLICY = SearchAttributeKey.for_keyword("SlaPolicy")
PRIORITY = SearchAttributeKey.for_keyword("SlaPriority")
KIND = SearchAttributeKey.for_keyword("SlaKind")
NEXT_DUE = SearchAttributeKey.for_datetime("SlaNextDue")

ATTRIBUTES: tuple[SearchAttributeKey[Any], ...] = (STATUS, POLICY, PRIORITY, KIND, NEXT_DUE)


class OperatorView:
    """What operators are shown of a run: its current details, and those search attributes that the namespace has."""

    def __init__(self, started_with: TypedSearchAttributes) -> None:
        self.shown = shown_at_start(started_with)
        self._known: Collection[str] = list(self.shown)

    def learn(self, names: Collection[str] | None) -> None:
        """Which search attributes the namespace has, from the answer of an activity."""
        if names is not None:
            self._known = names

    def show(self, state: InstanceState, now: Instant) -> None:
        workflow.set_current_details(details(state, now))
        values = attribute_values(state.facts, state.plan, now)
        wanted = {name: value for name, value in values.items() if name in self._known}
        shown = {name: value for name, value in self.shown.items() if name in wanted}
        if changes := updates(wanted, shown):
            workflow.upsert_search_attributes(changes)
            self.shown |= wanted


def attribute_values(facts: Facts, plan: Plan, now: Instant) -> dict[str, str | None]:
    """What each search attribute should hold, as text (an instant in RFC 3339); None means unset."""
    due = next_due(plan)
    return {
        STATUS.name: instance_status(plan, now).value,
        POLICY.name: facts.policy_id,
        PRIORITY.name: facts.priority,
        KIND.name: facts.instance.kind.value,
        NEXT_DUE.name: None if due is None else render(due),
    }


def at_start(values: Mapping[str, str | None], names: Collection[str]) -> TypedSearchAttributes:
    """The search attributes for a run to start with: those of `names`, which the namespace has."""
    found = [(key, values.get(key.name)) for key in ATTRIBUTES if key.name in names]
    return TypedSearchAttributes(
        [SearchAttributePair(key, _as_datetime(text) if key is NEXT_DUE else text) for key, text in found if text]
    )


def shown_at_start(attributes: TypedSearchAttributes) -> dict[str, str | None]:
    """Our search attributes among those that a run was started with, as text."""
    found = [(key, attributes.get(key)) for key in ATTRIBUTES]
    return {
        key.name: render(from_datetime(value)) if isinstance(value, datetime) else value
        for key, value in found
        if value is not None
    }


def updates(wanted: Mapping[str, str | None], shown: Mapping[str, str | None]) -> list[SearchAttributeUpdate[Any]]:
    """The changes from what is shown to what is wanted, in a fixed order."""
    return [_update(key, wanted[key.name]) for key in ATTRIBUTES if wanted.get(key.name) != shown.get(key.name)]


def _update(key: SearchAttributeKey[Any], value: str | None) -> SearchAttributeUpdate[Any]:
    if value is None:
        return key.value_unset()
    return key.value_set(_as_datetime(value) if key is NEXT_DUE else value)


def _as_datetime(text: str) -> datetime:
    return to_datetime(parse(text))


def details(state: InstanceState, now: Instant) -> str:
    """The targets as a Markdown list, and what was set aside. (The UI runs the cells of Markdown tables together.)"""
    facts = state.facts
    lines = [
        f"**{state.status(now)}** under *{facts.policy_name}* (version {facts.policy_version})",
        "",
        *(_line(target, facts.timezone, now) for target in state.plan.latest),
    ]
    if state.refused:
        last = state.refusals[-1]
        lines += ["", f"{state.refused} signal(s) set aside, the last: `{last['signal']}`: {last['problem']}"]
    return "\n".join(lines)


def _line(target: TargetPlan, zone: str, now: Instant) -> str:
    """`- **resolution** by team_7: running, due Mon 2026-03-02 10:00:00+01:00, not decided yet`, and what escalates
    next."""
    target = target.as_of(now)
    owner = "" if target.stint is None else f" by {target.team_id}"
    due = "no due instant" if target.due_at is None else f"due {spoken_instant(target.due_at, zone)}"
    verdict = {True: "met", False: "not met", None: "not decided yet"}[met(target, now)]
    return f"- **{target.clock_name}**{owner}: {target.state}, {due}, {verdict}{_next_step(target, zone, now)}"


def _next_step(target: TargetPlan, zone: str, now: Instant) -> str:
    steps = [(one.planned_at, one) for one in target.milestones if one.escalation is not None and one.planned_at]
    ahead = [(at, one) for at, one in steps if at > now]
    if not ahead:
        return ""
    at, step = min(ahead, key=lambda one: one[0])
    return f"; next escalation {spoken_milestone(step.name, step)}, {spoken_instant(at, zone)}"
