"""Notices as CloudEvents 1.0 documents, built from recorded facts alone so that a retry sends the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from domain.instants import SECOND, Micros, in_units, render, render_optional
from domain.plan.facts import PolicyFacts
from domain.plan.milestones import AT_RISK, BREACHED, HALFWAY, PAUSE_TOO_LONG, REPEAT, LongPause, Milestone
from domain.plan.plans import Plan, TargetPlan
from domain.plan.status import met
from domain.policy.snapshot_facts import Facts
from domain.record.ledger import TICKET, Firing
from domain.record.withdrawals import cause, spoken_cause, withdrawing_event
from domain.ticket.events import Event
from domain.wording import spoken_instant, spoken_length, spoken_step, step_name

WITHDRAWN = "withdrawn"
ESCALATED = "escalated"
TYPE_PREFIX = "sla."
SOURCE_PREFIX = "/sla/"
_SPOKEN = (HALFWAY, AT_RISK, BREACHED, PAUSE_TOO_LONG)
URGENT = frozenset({BREACHED, ESCALATED})
"""What is told before warnings."""


def organization_of(notice: Mapping[str, Any]) -> str:
    """Whose notice it is, by its `source`."""
    return str(notice["source"]).removeprefix(SOURCE_PREFIX)


def firing_id(organization: str, instance_id: str, firing: Firing) -> str:
    """The delivery key `(organization, instance, target, cycle, milestone, generation)`, stable over every retry."""
    return f"{organization}/{instance_id}/{firing.key}/{firing.generation}"


def withdrawal_id(organization: str, instance_id: str, firing: Firing) -> str:
    """The delivery key of the notice that takes a firing back."""
    return f"{firing_id(organization, instance_id, firing)}/{WITHDRAWN}"


def notice(facts: Facts, plan: Plan, firing: Firing, events: Iterable[Event] = ()) -> dict[str, Any]:
    """The CloudEvent of a firing or of its withdrawal; `time` is the planned instant.

    `events` are those that the plan was made of. `data.because` is the one that led to a withdrawal.
    """
    data = _of_ticket if firing.key.target == TICKET else _of_target
    name = type_of_milestone(firing.key.milestone)
    told = firing_id if firing.stands else withdrawal_id
    because = withdrawing_event(events, firing)
    return {
        "specversion": "1.0",
        "id": told(facts.organization, facts.instance_id, firing),
        "source": f"{SOURCE_PREFIX}{facts.organization}",
        "type": f"{TYPE_PREFIX}{name if firing.stands else WITHDRAWN}",
        "subject": facts.instance_id,
        "time": render(firing.planned_at),
        "datacontenttype": "application/json",
        "data": data(facts, plan, firing, because),
    }


def _of_target(facts: Facts, plan: Plan, firing: Firing, because: Event | None) -> dict[str, Any]:
    target = plan.target(firing.key.target, firing.key.cycle)
    milestone = next((m for m in target.milestones if m.name == firing.key.milestone), None) if target else None
    policy = None if target is None else target.policy
    return {
        "target": _type(firing.key.target),
        **({} if target is None or target.label is None else {"name": target.label}),
        "cycle": firing.key.cycle,
        **_common(facts, policy, firing, _ownership(facts, target)),
        "due_at": render_optional(target.due_at if target else None),
        "stopped_at": render_optional(target.stopped_at if target else None),
        "met": met(target, firing.withdrawn_at or firing.fired_at) if target else None,
        "budget_seconds": _seconds(target.budget if target else None),
        "used_seconds": _seconds(milestone.threshold if milestone else None),
        "escalation": None if milestone is None else milestone.escalation,
        **_of_step(milestone, firing),
        **_taking_back(facts, firing, because),
        "message": _sentence(facts, target, milestone, firing, because),
    }


def _of_step(milestone: Milestone | None, firing: Firing) -> dict[str, Any]:
    """What an escalation did, which time it speaks, and since when it was held; of a warning whom it is for."""
    if milestone is None or (milestone.escalation is None and not firing.outcomes):
        return {}
    return {
        "outcomes": [dict(one) for one in firing.outcomes],
        **({"repeat": milestone.repeat} if milestone.repeat else {}),
        **({} if milestone.held_since is None else {"held_since": render(milestone.held_since)}),
    }


def _of_ticket(facts: Facts, plan: Plan, firing: Firing, because: Event | None) -> dict[str, Any]:
    """A pause is no target's own: it may hold every clock of the ticket."""
    pause = next((one for one in plan.long_pauses if one.milestone == firing.key.milestone), None)
    due = min((one.due_at for one in plan.targets if one.is_open and one.due_at is not None), default=None)
    return {
        "target": None,
        "cycle": firing.key.cycle,
        **_common(facts, plan.policy, firing, {}),
        "due_at": render_optional(due),
        "stopped_at": None,
        "met": None,
        "budget_seconds": None,
        "used_seconds": None,
        "escalation": None,
        "pause": None if pause is None else {"cause": pause.cause, "event_id": pause.event_id},
        **_taking_back(facts, firing, because),
        "message": _pause_sentence(facts, plan, pause, firing, because),
    }


def _common(facts: Facts, policy: PolicyFacts | None, firing: Firing, ownership: dict[str, Any]) -> dict[str, Any]:
    return {
        "milestone": firing.key.milestone,
        "generation": firing.generation,
        "policy": _policy(facts, policy),
        "ticket": {
            f"{facts.instance.subject_type}_id": facts.instance.subject,
            "kind": facts.instance.kind.value,
            "priority": facts.priority if policy is None else policy.priority,
            "title": facts.title,
            "url": facts.url,
        },
        **ownership,
        **({} if facts.applicable_team is None else {"applicable_team": facts.applicable_team}),
        "planned_at": render(firing.planned_at),
        "fired_at": render(firing.fired_at),
        "timezone": facts.timezone,
    }


def _seconds(length: Micros | None) -> float | None:
    return None if length is None else in_units(length, SECOND)


def _taking_back(facts: Facts, firing: Firing, because: Event | None) -> dict[str, Any]:
    """Which notice a withdrawal takes back, and the event that led to it."""
    return {
        "withdraws": None if firing.stands else firing_id(facts.organization, facts.instance_id, firing),
        "because": None if because is None else cause(because),
    }


def _policy(facts: Facts, policy: PolicyFacts | None) -> dict[str, Any]:
    """The one the clock was last measured by; None: that of the opening."""
    if policy is None:
        return {"id": facts.policy_id, "name": facts.policy_name, "version": facts.policy_version}
    return {"id": policy.id, "name": policy.name, "version": policy.version}


def _ownership(facts: Facts, target: TargetPlan | None) -> dict[str, Any]:
    """Whose clock it is; the name and the lead of a team as they were when the ticket opened."""
    if target is None or target.team_id is None:
        return {}
    team = facts.teams.get(target.team_id)
    owner = {"id": target.team_id, "name": team.name if team else None, "lead": team.lead if team else None}
    return {"team": owner, **({} if target.stint is None else {"stint": target.stint})}


def _type(target: str) -> str:
    return target.partition("/")[0].partition(":")[0]


def _spoken_clock(target: str) -> str:
    """`Resolution`, or `Resolution (workaround)` where targets of one type are told apart by name."""
    _, _, name = target.partition("/")[0].partition(":")
    spoken_type = _type(target).replace("_", " ").capitalize()
    return f"{spoken_type} ({name.replace('_', ' ')})" if name else spoken_type


def spoken(milestone: str) -> str:
    """`at_risk` as people say it; an escalation's id stays as it is."""
    milestone = milestone.partition(":")[0] if milestone.startswith(PAUSE_TOO_LONG) else milestone
    return milestone.replace("_", " ") if milestone in _SPOKEN else milestone


def spoken_milestone(name: str, milestone: Milestone | None) -> str:
    """As people say it, an escalation by what the policy lets the step do; `milestone` None: it is planned no more."""
    if milestone is not None and milestone.escalation is not None:
        again = f", repeat {milestone.repeat}" if milestone.repeat else ""
        return f"{spoken_step(milestone.escalation)}{again}"
    return spoken(type_of_milestone(name))


def step_label(milestone: str, escalation: Mapping[str, Any] | None) -> str | None:
    """What people call the escalation step behind a milestone, with the number of its repeat; None for any other."""
    if escalation is None:
        return None
    _, _, repeat = milestone.partition(REPEAT)
    return f"{step_name(escalation)}{f', repeat {repeat}' if repeat else ''}"


def type_of_milestone(milestone: str) -> str:
    """The word of the type of its notice, such as `escalated` of `escalation:esc_1`."""
    if milestone.startswith(f"{PAUSE_TOO_LONG}:"):
        return PAUSE_TOO_LONG
    return milestone if milestone in _SPOKEN else ESCALATED


def _sentence(
    facts: Facts, target: TargetPlan | None, milestone: Milestone | None, firing: Firing, because: Event | None
) -> str:
    instance = facts.instance
    by = "" if target is None or target.stint is None else f" by {_team_name(facts, target.team_id)}"
    what = f"{_spoken_clock(firing.key.target)} of {instance.subject_type} {instance.subject}{by}"
    if not firing.stands:
        return f"{what}: {_withdrawal(facts, target, milestone, firing, because)}."
    if target is None or milestone is None:
        return f"{what}: {firing.key.milestone}."
    due = f"{_due(target, facts.timezone)}{_held(milestone, facts.timezone)}"
    return f"{what} {_said(target, milestone)}, {due} (policy {_policy(facts, target.policy)['name']})."


def _pause_sentence(facts: Facts, plan: Plan, pause: LongPause | None, firing: Firing, because: Event | None) -> str:
    instance = facts.instance
    what = f"{instance.subject_type.capitalize()} {instance.subject}"
    if not firing.stands or pause is None:
        return f"{what}: {_taken_back(facts, spoken(PAUSE_TOO_LONG), firing, because, None)}."
    of_cause = f" ({pause.cause})" if pause.cause else ""
    allowed = f"is longer than the policy lets one count (policy {_policy(facts, plan.policy)['name']})"
    return f"{what}: a pause{of_cause} {allowed}; clocks that nothing else holds run on."


def _said(target: TargetPlan, milestone: Milestone) -> str:
    used = spoken_length(milestone.threshold)
    # A field may have held a due instant then, and hold none now.
    budget = "its time" if target.budget is None else spoken_length(target.budget)
    return {
        HALFWAY: "has used half of its time" if target.budget is None else f"has used half of its {budget}",
        AT_RISK: f"is at risk: {used} of {budget} are used",
        BREACHED: f"is breached: its {used} are used up",
    }.get(milestone.name, f"escalates ({spoken_milestone(milestone.name, milestone)}): {used} of {budget} are used")


def _held(milestone: Milestone, zone: str) -> str:
    if milestone.held_since is None or milestone.planned_at is None:
        return ""
    since, until = spoken_instant(milestone.held_since, zone), spoken_instant(milestone.planned_at, zone)
    return f"; planned {since}, held until its hours opened {until}"


def _withdrawal(
    facts: Facts, target: TargetPlan | None, milestone: Milestone | None, firing: Firing, because: Event | None
) -> str:
    zone = facts.timezone
    verdict = None if target is None else met(target, firing.withdrawn_at or firing.fired_at)
    told = _taken_back(facts, spoken_milestone(firing.key.milestone, milestone), firing, because, verdict)
    if target is None:
        return f"{told}, and there is no such clock any more"
    if target.stopped_at is not None:
        return f"{told}, and the clock stopped {spoken_instant(target.stopped_at, zone)}"
    return f"{told}, and the clock is now {_due(target, zone)}"


def _happened(because: Event, verdict: bool | None, zone: str) -> str:
    happened, received = (spoken_instant(moment, zone) for moment in (because.occurred_at, because.received_at))
    in_time = ", in time" if verdict else ""
    return f"{spoken_cause(because.kind)} {happened}{in_time} (event {because.event_id}, received {received})"


def _taken_back(facts: Facts, name: str, firing: Firing, because: Event | None, verdict: bool | None) -> str:
    """`answered Mon ..., in time (event hd-2, received Mon ...); the notice 'breached' of Mon ... no longer holds`."""
    zone = facts.timezone
    why = "" if because is None else f"{_happened(because, verdict, zone)}; "
    return f"{why}the notice '{name}' of {spoken_instant(firing.planned_at, zone)} no longer holds"


def _due(target: TargetPlan, zone: str) -> str:
    if target.due_at is not None:
        return f"due {spoken_instant(target.due_at, zone)}"
    return "paused, with no due instant" if target.deadline is None else "without a due instant"


def _team_name(facts: Facts, team_id: str | None) -> str | None:
    team = facts.teams.get(team_id) if team_id is not None else None
    return team_id if team is None else team.name
