"""Examples of instances and events in the OpenAPI document."""

from __future__ import annotations

from typing import Any

TEAM = "team_t2"
OPENED_AT = "2026-03-08T13:00:00Z"


def _target(due_at: str, remaining: int, halfway: str) -> dict[str, Any]:
    return {
        "due_at": due_at,
        "met": None,
        "state": "running",
        "elapsed_seconds": 900,
        "remaining_seconds": remaining,
        "paused_seconds": 0,
        "started_at": OPENED_AT,
        "stopped_at": None,
        "breached_at": None,
        "milestones": [{"name": "halfway", "planned_at": halfway, "fired_at": None, "delivered_at": None}],
    }


INSTANCE: dict[str, Any] = {
    "id": "inst_sla_conversation_conv_456",
    "policy_id": "sla_abc123",
    "policy_name": "Critical Support",
    "policy_version": 1,
    "conversation_id": "conv_456",
    "kind": "sla",
    "priority": "urgent",
    "status": "active",
    "subject": "No dial tone",
    "url": "https://desk.example.com/4711",
    "team_id": TEAM,
    "assignee": "ada@example.com",
    "opened_at": OPENED_AT,
    "closed_at": None,
    "next_due_at": "2026-03-08T14:00:00Z",
    "at_risk": False,
    "is_overdue": False,
    "excused": False,
    "fields": {"plan": "gold"},
    "targets": {
        "first_response": _target("2026-03-08T14:00:00Z", 2700, "2026-03-08T13:30:00Z"),
        "resolution": _target("2026-03-08T17:00:00Z", 13500, "2026-03-08T15:00:00Z"),
    },
    "source": "store",
    "recorded_at": "2026-03-08T13:15:00.041Z",
}
LISTED = {name: value for name, value in INSTANCE.items() if name != "fields"}
PAGE: dict[str, Any] = {"data": [LISTED], "total": 1, "limit": 25, "offset": 0, "next_cursor": None}
CYCLES: dict[str, Any] = {
    "data": [
        {
            "type": "next_response",
            "cycle": 2,
            "superseded": False,
            **_target("2026-03-08T14:00:00Z", 2700, "2026-03-08T13:30:00Z"),
            "met": True,
            "state": "stopped",
            "stopped_at": "2026-03-08T13:15:00Z",
        }
    ],
    "total": 41,
    "limit": 1,
    "offset": 1,
    "next_cursor": None,
}
STINTS: dict[str, Any] = {
    "data": [
        {
            "event_id": "zd-118-2",
            "team_id": TEAM,
            "started_at": OPENED_AT,
            "ended_at": None,
            "targets": {"resolution": _target("2026-03-08T17:00:00Z", 13500, "2026-03-08T15:00:00Z")},
        }
    ],
    "total": 1,
    "limit": 25,
    "offset": 0,
    "next_cursor": None,
}
ACCEPTED: dict[str, Any] = {
    "id": INSTANCE["id"],
    "event_id": "zd-118-7",
    "status": "accepted",
    "instance": {**INSTANCE, "source": "planned"},
}

TICKET: dict[str, Any] = {"conversation_id": "conv_456", "priority": "urgent", "fields": {"plan": "gold"}}
RESET: dict[str, Any] = {"target": "resolution", "reason": "The customer sent the logs only now"}
COMMAND: dict[str, Any] = {"event_id": "zd-118-7", "occurred_at": "2026-03-08T13:15:00Z", "actor": "ada@example.com"}
PAUSE: dict[str, Any] = {"cause": "customer", "reason": "awaiting logs", "until": {"hours": 8}}
RESUME: dict[str, Any] = {"cause": "customer"}
EXCUSE: dict[str, Any] = {"target": "resolution", "reason": "office closed by a storm", "actor": "ada@example.com"}
UNDO_EXCUSE: dict[str, Any] = {"target": "resolution", "actor": "ada@example.com"}
ASSIGN: dict[str, Any] = {"team_id": TEAM}

EVENTS: list[Any] = [
    {"event_id": "zd-118-1", "type": "opened", "conversation_id": "conv_456", "ticket": {"priority": "urgent"}},
    {"event_id": "zd-118-2", "type": "assigned", "conversation_id": "conv_456", "team_id": TEAM},
    {"event_id": "zd-118-3", "type": "paused", "conversation_id": "conv_456", "cause": "customer"},
    {"event_id": "zd-118-4", "type": "updated", "conversation_id": "conv_456", "fields": {"priority": "low"}},
]
EVENT: dict[str, Any] = {
    "event_id": "zd-118-1",
    "status": "applied",
    "instances": [{"id": INSTANCE["id"], "kind": "sla", "status": "applied", "instance": INSTANCE}],
}
BATCH: dict[str, Any] = {"quiet": True, "events": EVENTS[:3]}
BATCH_ANSWER: dict[str, Any] = {
    "applied": 1,
    "accepted": 0,
    "untracked": 0,
    "refused": 1,
    "events": [
        {
            "index": 0,
            "event_id": "zd-118-1",
            "status": "applied",
            "instances": [{"id": INSTANCE["id"], "kind": "sla", "status": "applied"}],
        },
        {
            "index": 1,
            "event_id": "zd-118-2",
            "status": "refused",
            "instances": [],
            "problem": {
                "type": "urn:slakeeper:problem:invalid_value",
                "title": "Invalid value",
                "status": 422,
                "detail": "events[1].type: must be one of opened, acknowledged, got 'closed'",
                "code": "invalid_value",
                "field": "events[1].type",
                "value": "closed",
            },
        },
    ],
}
