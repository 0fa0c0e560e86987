"""What a patch makes of a policy. Only the fields that are given change; each is replaced as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import InvalidValue
from domain.policy.clocks.clocks import clock_name
from domain.policy.escalations import EscalationRule
from domain.policy.policies import Policy
from domain.ticket.origins import Origin
from service.policies.ids import ESCALATION, TARGET
from store.database.ids import mint

ALSO_FOR_V1 = ("business_hours", "business_hours_id", "escalations", "description", "enabled")
"""What a policy of the API v1 gets through this API, because v1 has no words for it."""


def patched_policy(policy: Policy, given: dict[str, Any]) -> Policy:
    """The changed policy. A target keeps its id when its id, or its type, name and priority, is there already; an
    escalation when its id is. The others get new ids."""
    _require_own_fields(policy, given)
    base = policy.to_json()
    if given.get("business_hours_id") is not None:
        # As at creation: naming business hours is wanting them.
        del base["business_hours"]
    change = dict(given)
    if (targets := given.get("targets")) is not None:
        change["targets"] = _targets_with_ids(policy, targets)
    if (steps := given.get("escalations")) is not None:
        _require_own_ids(steps, {step.id for step in policy.escalations}, "escalations")
        change["escalations"] = [{**step, "id": step.get("id") or mint(ESCALATION)} for step in steps]
    return Policy.from_json({**base, **change})


def patched_escalation(step: EscalationRule, given: dict[str, Any]) -> EscalationRule:
    base = step.to_json()
    if given.get("trigger", step.trigger) != step.trigger:
        base |= dict.fromkeys(("threshold_minutes", "trigger_percent", "delay_minutes"))
    if given.get("threshold_minutes") is not None:
        base["trigger_percent"] = None
    if given.get("trigger_percent") is not None:
        base["threshold_minutes"] = None
    if "repeat_minutes" in given and given["repeat_minutes"] is None:
        base.pop("repeat_at_most", None)
    if given.get("action_type") is not None:
        base["actions"] = None
    return EscalationRule.from_json({**base, **given})


def _require_own_fields(policy: Policy, given: dict[str, Any]) -> None:
    foreign = [name for name in given if name not in ALSO_FOR_V1]
    if policy.origin is Origin.V1 and foreign:
        raise InvalidValue(foreign[0], given[foreign[0]], "belongs to the API v1, through which this policy was made")


def _targets_with_ids(policy: Policy, targets: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    _require_own_ids(targets, {target.id for target in policy.targets}, "targets")
    claimed = {target["id"] for target in targets if target.get("id") is not None}
    free = {policy.place_of(one): one.id for one in policy.targets if one.id not in claimed}
    return [
        {
            **target,
            "id": target.get("id") or free.get(_place(policy, target)) or mint(TARGET),
        }
        for target in targets
    ]


def _place(policy: Policy, target: Mapping[str, Any]) -> tuple[str, str | None]:
    return policy.place(clock_name(target["type"], target.get("name") or None), target.get("priority") or None)


def _require_own_ids(parts: Sequence[dict[str, Any]], known: set[str], name: str) -> None:
    left = set(known)
    for index, part in enumerate(parts):
        if (given := part.get("id")) is None:
            continue
        if given not in known:
            raise InvalidValue(f"{name}[{index}].id", given, "is not in this policy; leave it out for a new one")
        if given not in left:
            raise InvalidValue(f"{name}[{index}].id", given, "is named twice")
        left.remove(given)
