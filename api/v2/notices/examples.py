"""An example of each notice: a ticket that was to be resolved within four hours, and was paused without anyone's
knowing."""

from __future__ import annotations

from typing import Any

_ORGANIZATION, _INSTANCE = "default", "inst_sla_ticket_4711"
_STEP = {
    "id": "esc_9",
    "trigger": "breached",
    "delay_minutes": 30,
    "actions": [{"type": "reassign", "team_id": "network"}],
}


def _notice(milestone: str, planned_at: str, said: str, **changes: Any) -> dict[str, Any]:
    key = f"{_ORGANIZATION}/{_INSTANCE}/resolution/1/{milestone}/1"
    name = milestone.partition(":")[0]
    kind = "escalated" if name == "escalation" else name
    return {
        "specversion": "1.0",
        "id": key,
        "source": f"/sla/{_ORGANIZATION}",
        "type": f"sla.{kind}",
        "subject": _INSTANCE,
        "time": planned_at,
        "datacontenttype": "application/json",
        "data": {
            "target": "resolution",
            "cycle": 1,
            "milestone": milestone,
            "generation": 1,
            "policy": {"id": "sla_abc123", "name": "Critical Support", "version": 3},
            "ticket": {"ticket_id": "4711", "kind": "sla", "priority": "urgent", "title": None, "url": None},
            "planned_at": planned_at,
            "fired_at": planned_at.replace("00Z", "00.042Z"),
            "due_at": "2026-03-09T13:00:00Z",
            "stopped_at": None,
            "met": None if kind in ("halfway", "at_risk") else False,
            "budget_seconds": 14400,
            "used_seconds": {"halfway": 7200, "at_risk": 10800, "breached": 14400}.get(kind, 16200),
            "timezone": "UTC",
            "escalation": None,
            "withdraws": None,
            "because": None,
            "message": f"Resolution of ticket 4711 {said} (policy Critical Support).",
            **changes,
        },
    }


def _long_pause() -> dict[str, Any]:
    """Of the ticket, not of a clock."""
    told = _notice(
        "pause_too_long:hd-3",
        "2026-03-09T12:00:00Z",
        "",
        target=None,
        met=None,
        budget_seconds=None,
        used_seconds=None,
        pause={"cause": "customer", "event_id": "hd-3"},
        message="Ticket 4711: a pause (customer) is longer than the policy lets one count (policy Critical Support); "
        "clocks that nothing else holds run on.",
    )
    return {**told, "id": f"{_ORGANIZATION}/{_INSTANCE}/-/1/pause_too_long:hd-3/1"}


_DUE = "due Mon 2026-03-09 13:00:00+00:00"
_BREACHED = _notice("breached", "2026-03-09T13:00:00Z", f"is breached: its 4 h are used up, {_DUE}")
NOTICES: dict[str, dict[str, Any]] = {
    "halfway": _notice("halfway", "2026-03-09T11:00:00Z", f"has used half of its 4 h, {_DUE}"),
    "at_risk": _notice("at_risk", "2026-03-09T12:00:00Z", f"is at risk: 3 h of 4 h are used, {_DUE}"),
    "breached": _BREACHED,
    "escalated": _notice(
        "escalation:esc_9",
        "2026-03-09T13:30:00Z",
        f"escalates (reassign to network 30 min after the breach): 4 h 30 min of 4 h are used, {_DUE}",
        escalation=_STEP,
        outcomes=[
            {
                "action": "reassign",
                "team_id": "network",
                "outcome": "done",
                "event_id": f"{_ORGANIZATION}/{_INSTANCE}/resolution/1/escalation:esc_9/1/0",
            }
        ],
    ),
    "pause_too_long": _long_pause(),
    "withdrawn": {
        **_BREACHED,
        "id": f"{_BREACHED['id']}/withdrawn",
        "type": "sla.withdrawn",
        "data": {
            **_BREACHED["data"],
            "due_at": None,
            "met": None,
            "withdraws": _BREACHED["id"],
            "because": {
                "event_id": "zd-7-2",
                "type": "paused",
                "occurred_at": "2026-03-09T12:40:00Z",
                "received_at": "2026-03-09T13:05:00Z",
            },
            "message": "Resolution of ticket 4711: paused Mon 2026-03-09 12:40:00+00:00 (event zd-7-2, received Mon "
            "2026-03-09 13:05:00+00:00); the notice 'breached' of Mon 2026-03-09 13:00:00+00:00 no longer holds, and "
            "the clock is now paused, with no due instant.",
        },
    },
}
