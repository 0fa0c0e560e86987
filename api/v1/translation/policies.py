"""Scrubbe's SLA policy as a policy of the engine, and back.

It matches one priority and promises two windows. A warning comes halfway, and a breach is escalated to a contact.
Only the API v2 sets business hours, further escalations, the description and whether the policy is enabled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from domain.fields import optional_text, plain_number, require_choice, require_name, require_share
from domain.instants import MINUTE, duration
from domain.policy.policies import UPTIME, Policy
from domain.policy.priorities import Priority
from domain.policy.targets import TargetRule
from domain.ticket.conditions.conditions import Condition
from domain.ticket.origins import Origin

ID_PREFIX = "pol"
RESPONSE, RESOLVE = "first_response", "resolution"
MINUTES = {RESPONSE: "responseTimeMinutes", RESOLVE: "resolveTimeMinutes"}
PERCENTAGES = {RESPONSE: "responseThreshold", RESOLVE: "resolveThreshold", UPTIME: "uptimeTarget"}
LONGEST_NAME = 200


def blank_policy(policy_id: str) -> Policy:
    """A policy that promises nothing yet; `with_terms` fills it."""
    targets = tuple(TargetRule(f"target_{policy_id}_{type_}", type_, None, MINUTE) for type_ in MINUTES)
    return Policy(policy_id, "", targets=targets, at_risk_percent=None, origin=Origin.V1)


def with_terms(policy: Policy, given: Mapping[str, Any]) -> Policy:
    """The policy with every field of Scrubbe's replaced. A field that is not given is removed; all other fields are
    kept.

    Raises InvalidValue with Scrubbe's name of the field.
    """
    priority = require_choice(given.get("priority"), Priority, "priority")
    return replace(
        policy,
        name=require_name(given.get("name"), "name", LONGEST_NAME),
        conditions=(Condition("priority", "eq", priority.value, case_sensitive=True),),
        targets=tuple(_promised(target, given) for target in policy.targets),
        compliance=_compliance(given),
        escalation_contact=optional_text(given.get("escalationContact"), "escalationContact") or None,
        applicable_team=optional_text(given.get("applicableTeam"), "applicableTeam") or None,
    )


def terms_of(policy: Policy) -> dict[str, Any]:
    """The fields that Scrubbe's API shows of a policy."""
    minutes = {MINUTES[target.type]: target.minutes for target in policy.targets}
    percentages = {field: _shown(policy.compliance.get(name)) for name, field in PERCENTAGES.items()}
    return {
        "name": policy.name,
        "priority": priority_of(policy).value,
        **minutes,
        **percentages,
        "escalationContact": policy.escalation_contact,
        "applicableTeam": policy.applicable_team,
    }


def priority_of(policy: Policy) -> Priority:
    (condition,) = policy.conditions
    return Priority(condition.value)


def _promised(target: TargetRule, given: Mapping[str, Any]) -> TargetRule:
    field = MINUTES[target.type]
    return replace(target, budget=duration(given.get(field), MINUTE, field))


def _compliance(given: Mapping[str, Any]) -> dict[str, Decimal]:
    return {
        name: require_share(given[field], field) for name, field in PERCENTAGES.items() if given.get(field) is not None
    }


def _shown(percent: Decimal | None) -> int | float | None:
    return None if percent is None else plain_number(percent)
