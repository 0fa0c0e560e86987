"""Notices to see a template with, one of each type: the ticket and its times are made up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

_ID = "default/inst_sla_ticket_42/first_response/1"
_STEP = {
    "id": "esc_1",
    "trigger": "breached",
    "threshold_minutes": None,
    "trigger_percent": None,
    "delay_minutes": 15,
    "target_type": None,
    "actions": [{"type": "notify_team_lead"}],
    "status": "active",
}


def told_at(sample: Mapping[str, Any]) -> datetime:
    """When a sample is told: at its time, but for the withdrawal."""
    return datetime.fromisoformat(sample["data"]["fired_at"])


def told_just_now(sample: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The same notice with all its times moved, so that it happens at `now`; its id is one that no notice has."""
    shift = now - told_at(sample)

    def moved(value: Any, name: str = "") -> Any:
        if isinstance(value, Mapping):
            return {key: moved(inner, key) for key, inner in value.items()}
        is_time = isinstance(value, str) and (name.endswith("_at") or name == "time")
        return (datetime.fromisoformat(value) + shift).isoformat().replace("+00:00", "Z") if is_time else value

    made: dict[str, Any] = moved(sample)
    made["data"]["ticket"]["title"] += " (a sample)"
    return {**made, "id": f"{made['id']}/sample/{int(now.timestamp())}"}


def _notice(type_: str, milestone: str, planned_at: str, used: float, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{_ID}/{milestone}/1" + ("/withdrawn" if type_ == "withdrawn" else ""),
        "source": "/sla/default",
        "type": f"sla.{type_}",
        "subject": "inst_sla_ticket_42",
        "time": planned_at,
        "datacontenttype": "application/json",
        "data": {
            "target": "first_response",
            "cycle": 1,
            "milestone": milestone,
            "generation": 1,
            "policy": {"id": "sla_1", "name": "Urgent", "version": 3},
            "ticket": {
                "ticket_id": "42",
                "kind": "sla",
                "priority": "high",
                "title": "No dial tone",
                "url": "https://desk.example.com/tickets/42",
            },
            "team": {"id": "network", "name": "Network", "lead": "ada@example.com"},
            "planned_at": planned_at,
            "fired_at": planned_at,
            "due_at": "2026-03-02T14:45:00Z",
            "stopped_at": None,
            "met": None,
            "budget_seconds": 3600,
            "used_seconds": used,
            "timezone": "Europe/Berlin",
            "escalation": None,
            "withdraws": None,
            "because": None,
            "message": "First response of ticket 42 (a sample).",
            **data,
        },
    }


SAMPLES: Mapping[str, Mapping[str, Any]] = {
    "halfway": _notice("halfway", "halfway", "2026-03-02T14:15:00Z", 1800),
    "at_risk": _notice("at_risk", "at_risk", "2026-03-02T14:33:00Z", 2880),
    "breached": _notice("breached", "breached", "2026-03-02T14:45:00Z", 3600),
    "escalated": _notice("escalated", "escalation:esc_1", "2026-03-02T15:00:00Z", 4500, escalation=_STEP),
    "pause_too_long": _notice(
        "pause_too_long",
        "pause_too_long:hd-3",
        "2026-03-02T14:20:00Z",
        0,
        target=None,
        team=None,
        budget_seconds=None,
        used_seconds=None,
        pause={"cause": "customer", "event_id": "hd-3"},
    ),
    "withdrawn": _notice(
        "withdrawn",
        "at_risk",
        "2026-03-02T14:33:00Z",
        2880,
        fired_at="2026-03-02T14:40:05Z",
        due_at=None,
        stopped_at="2026-03-02T14:13:00Z",
        met=True,
        withdraws=f"{_ID}/at_risk/1",
        because={
            "event_id": "hd-2",
            "type": "agent_replied",
            "occurred_at": "2026-03-02T14:13:00Z",
            "received_at": "2026-03-02T14:40:00Z",
        },
    ),
}
"""By the word of their type, such as `breached` of `sla.breached`."""
