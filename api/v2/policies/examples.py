"""Examples of policies in the OpenAPI document: the requests of the seed and their answers."""

from __future__ import annotations

from typing import Any

CREATED_AT = "2026-03-08T09:00:00Z"

CONDITION: dict[str, Any] = {"field": "priority", "operator": "in", "value": ["urgent", "high"]}
PENDING: dict[str, Any] = {"field": "status", "operator": "in", "value": ["pending", "on_hold"]}
TARGET: dict[str, Any] = {"type": "first_response", "priority": "urgent", "hours": 1}
ESCALATION: dict[str, Any] = {
    "trigger": "approaching_breach",
    "threshold_minutes": 30,
    "actions": [{"type": "notify_team_lead"}, {"type": "reassign", "team_id": "team_escalation"}],
}
ESCALATION_OF_PERCENT: dict[str, Any] = {"trigger_percent": 90, "action_type": "notify", "status": "active"}
ESCALATION_PATCH = ESCALATION_OF_PERCENT
POLICY_BODY: dict[str, Any] = {
    "name": "Critical Support",
    "description": "SLA for urgent and high-priority tickets",
    "conditions": [CONDITION],
    "targets": [TARGET, {"type": "resolution", "hours": 8}],
    "business_hours": False,
}
POLICY_PATCH: dict[str, Any] = {"name": "Critical Support (Updated)", "business_hours": True}
ORDER: dict[str, Any] = {"policy_ids": ["sla_critical", "sla_high", "sla_standard"]}

TARGET_VIEW: dict[str, Any] = {"id": "target_abc123", **TARGET, "minutes": 60, "pausable": True}
ESCALATION_VIEW: dict[str, Any] = {
    "id": "esc_abc123",
    **ESCALATION,
    "trigger_percent": None,
    "delay_minutes": 0,
    "target_type": None,
    "action_type": None,
    "status": "active",
}
POLICY_DOCUMENT: dict[str, Any] = {
    "id": "sla_abc123",
    **POLICY_BODY,
    "match": "all",
    "targets": [TARGET_VIEW],
    "escalations": [ESCALATION_VIEW],
    "at_risk_percent": 75,
    "business_hours_id": None,
    "enabled": True,
    "on_change": "keep",
    "on_reopen": "continue",
    "retarget_breaches": "keep",
    "pauses_at_most": {},
    "origin": "v2",
    "version": 1,
}
LINTS: list[dict[str, Any]] = [
    {
        "field": "escalations[0].actions[0]",
        "value": "team_escalation",
        "reason": "team Escalation has no lead",
    }
]
POLICY_VIEW: dict[str, Any] = {
    **POLICY_DOCUMENT,
    "lints": LINTS,
    "created_at": CREATED_AT,
    "updated_at": CREATED_AT,
    "archived_at": None,
}
VERSION: dict[str, Any] = {
    "version": 1,
    "change": "created",
    "changed_at": CREATED_AT,
    "changed_by": "key_3q2-7wAbCdEfGhIj",
    "changed_by_name": "Help desk",
    "policy": POLICY_DOCUMENT,
}


def of_policy(part: dict[str, Any]) -> dict[str, Any]:
    return {**part, "policy_id": "sla_abc123"}


def page(one: dict[str, Any]) -> dict[str, Any]:
    return {"data": [one], "total": 1, "limit": 25, "offset": 0, "next_cursor": None}
