"""Notices as CloudEvents 1.0 documents, built from recorded facts alone so that a retry sends the same bytes."""

from __future__ import annotations

from typing import Any

from domain.instants import HOUR, MINUTE, SECOND, Micros, in_units, render, render_optional
from domain.plan.plans import AT_RISK, BREACHED, HALFWAY, Milestone, Plan, TargetPlan
from domain.policy.snapshot import Facts
from domain.record.ledger import Firing

WITHDRAWN = "withdrawn"
ESCALATED = "escalated"
TYPE_PREFIX = "sla."
URGENT = frozenset({BREACHED, ESCALATED})
"""What is told before warnings."""


def firing_id(organization: str, instance_id: str, firing: Firing) -> str:
    """The delivery key `(organization, instance, target, cycle, milestone, generation)`, stable over every retry."""
    return f"{organization}/{instance_id}/{firing.key}/{firing.generation}"


def withdrawal_id(organization: str, instance_id: str, firing: Firing) -> str:
    """The delivery key of the notice that takes a firing back."""
    return f"{firing_id(organization, instance_id, firing)}/{WITHDRAWN}"


def notice(facts: Facts, plan: Plan, firing: Firing) -> dict[str, Any]:
    """The CloudEvent of a firing or of its withdrawal; `time` is the planned instant."""
    target = plan.target(firing.key.target, firing.key.cycle)
    milestone = next((m for m in target.milestones if m.name == firing.key.milestone), None) if target else None
    name = _name(firing.key.milestone)
    told = firing_id if firing.stands else withdrawal_id
    return {
        "specversion": "1.0",
        "id": told(facts.organization, facts.instance_id, firing),
        "source": f"/sla/{facts.organization}",
        "type": f"{TYPE_PREFIX}{name if firing.stands else WITHDRAWN}",
        "subject": facts.instance_id,
        "time": render(firing.planned_at),
        "datacontenttype": "application/json",
        "data": {
            "target": _type(firing.key.target),
            "cycle": firing.key.cycle,
            "milestone": firing.key.milestone,
            "generation": firing.generation,
            "policy": _policy(facts, target),
            "ticket": {
                f"{facts.instance.subject_type}_id": facts.instance.subject,
                "kind": facts.instance.kind.value,
                "priority": facts.priority if target is None or target.policy is None else target.policy.priority,
            },
            **_ownership(facts, target),
            **({} if facts.applicable_team is None else {"applicable_team": facts.applicable_team}),
            "planned_at": render(firing.planned_at),
            "fired_at": render(firing.fired_at),
            "due_at": render_optional(target.due_at if target else None),
            "escalation": None if milestone is None else milestone.escalation,
            "withdraws": None if firing.stands else firing_id(facts.organization, facts.instance_id, firing),
            "message": _sentence(facts, plan, firing, milestone),
        },
    }


def _policy(facts: Facts, target: TargetPlan | None) -> dict[str, Any]:
    """The one the clock was last measured by."""
    if target is None or target.policy is None:
        return {"id": facts.policy_id, "name": facts.policy_name, "version": facts.policy_version}
    return {"id": target.policy.id, "name": target.policy.name, "version": target.policy.version}


def _ownership(facts: Facts, target: TargetPlan | None) -> dict[str, Any]:
    """Whose clock it is; the name and the lead of a team as they were when the ticket opened."""
    if target is None or target.team_id is None:
        return {}
    team = facts.teams.get(target.team_id)
    owner = {"id": target.team_id, "name": team.name if team else None, "lead": team.lead if team else None}
    return {"team": owner, **({} if target.stint is None else {"stint": target.stint})}


def _type(target: str) -> str:
    return target.partition("/")[0]


def spoken(milestone: str) -> str:
    """`at_risk` as people say it; an escalation's id stays as it is."""
    return milestone.replace("_", " ") if milestone in (HALFWAY, AT_RISK, BREACHED) else milestone


def _name(milestone: str) -> str:
    return milestone if milestone in (HALFWAY, AT_RISK, BREACHED) else ESCALATED


def _sentence(facts: Facts, plan: Plan, firing: Firing, milestone: Milestone | None) -> str:
    target = plan.target(firing.key.target, firing.key.cycle)
    instance = facts.instance
    by = "" if target is None or target.stint is None else f" by {_team_name(facts, target.team_id)}"
    spoken_type = _type(firing.key.target).replace("_", " ").capitalize()
    what = f"{spoken_type} of {instance.subject_type} {instance.subject}{by}"
    due = f"due {render(target.due_at)}" if target and target.due_at is not None else "paused, with no due instant"
    if not firing.stands:
        name = spoken(_name(firing.key.milestone))
        return f"{what}: the notice '{name}' of {render(firing.planned_at)} is withdrawn; it is now {due}."
    if target is None or milestone is None:
        return f"{what}: {firing.key.milestone}."
    said = {
        HALFWAY: f"has used half of its {_length(target.budget)}",
        AT_RISK: f"is at risk: {_length(milestone.threshold)} of {_length(target.budget)} are used",
        BREACHED: f"is breached: its {_length(target.budget)} are used up",
    }.get(
        milestone.name,
        f"escalates{_contacts(milestone)} after {_length(milestone.threshold)} of {_length(target.budget)}",
    )
    return f"{what} {said}, {due} (policy {_policy(facts, target)['name']})."


def _contacts(milestone: Milestone) -> str:
    actions = milestone.escalation["actions"] if milestone.escalation else ()
    contacts = [str(action["contact"]) for action in actions if "contact" in action]
    return f" to {', '.join(contacts)}" if contacts else ""


def _team_name(facts: Facts, team_id: str | None) -> str | None:
    team = facts.teams.get(team_id) if team_id is not None else None
    return team_id if team is None else team.name


def _length(length: Micros) -> str:
    for unit, name in ((HOUR, "h"), (MINUTE, "min")):
        if length % unit == 0:
            return f"{length // unit} {name}"
    return f"{in_units(length, SECOND):g} s" if length < MINUTE else f"{in_units(length, MINUTE):g} min"
