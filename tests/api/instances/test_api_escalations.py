"""Escalations over REST: what they did stands on the instance, in its explanation and in its record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.record.chain import verify
from tests.support.clockwork import eventually

LADDER = [
    {"id": "esc_lead", "trigger": "approaching_breach", "trigger_percent": 50, "action_type": "notify_team_lead"},
    {
        "id": "esc_move",
        "name": "Hand it to operations",
        "trigger": "breached",
        "repeat_minutes": 30,
        "actions": [{"type": "reassign", "team_id": "team_ops"}, {"type": "add_tag", "tag": "late"}],
    },
]


async def test_what_an_escalation_did_stands_on_the_instance_and_in_its_record(api: Any) -> None:
    """A ticket of two hours ago, promised in one: reassigned at the breach, repeated twice since."""
    await api.policy(targets=[{"type": "resolution", "hours": 1}], escalations=LADDER)
    await api.with_worker()
    opening = (datetime.now(UTC) - timedelta(minutes=125)).isoformat()
    opened = await api.ticket(occurred_at=opening)
    path = f"/instances/{opened['id']}"

    async def reassigned() -> Any:
        return (await api.get(path)).json()

    def is_up_to_date(one: Any) -> bool:
        names = [mark["name"] for mark in one["targets"]["resolution"]["milestones"]]
        return one["team_id"] == "team_ops" and "escalation:esc_move:repeat:3" in names

    shown = await eventually(reassigned, is_up_to_date)
    marks = {one["name"]: one for one in shown["targets"]["resolution"]["milestones"]}
    # Of the 24 repeats those that fired, and the next one.
    assert [name for name in marks if ":repeat:" in name] == [f"escalation:esc_move:repeat:{n}" for n in (1, 2, 3)]
    assert [one["outcome"] for one in marks["escalation:esc_lead"]["outcomes"]] == ["told_nobody"]
    assert [one["outcome"] for one in marks["escalation:esc_move"]["outcomes"]] == ["done", "waiting"]
    assert marks["escalation:esc_move:repeat:3"]["fired_at"] is None
    assert marks["escalation:esc_move:repeat:1"]["label"] == "Hand it to operations, repeat 1"
    assert marks["escalation:esc_lead"]["label"] == "notify team lead at 50 %"
    lines = (await api.get(f"{path}/explain", format="text")).text
    assert '"Hand it to operations", reassign to team_ops and add tag late at the breach, repeat 1' in lines
    [clock] = (await api.get(f"{path}/explain")).json()["targets"]
    assert "Hand it to operations" in {one.get("label") for one in clock["milestones"]}
    assert "reassign done, add tag waiting (the notice asks the ticket system for it)" in lines
    await api.post(f"{path}/resolve")
    await api.ended(opened["id"])
    logged = (await api.get("/deliveries", limit=100)).json()["data"]
    assert {"Hand it to operations", "notify team lead at 50 %"} <= {one["escalation"] for one in logged}
    record = (await api.get(f"{path}/events/export")).json()
    assert verify(record).findings == ()
    events = [event for step in record["steps"] for event in step["link"]["events"]]
    assert [(event["kind"], event["team_id"]) for event in events if event.get("source") == "sla-engine"] == [
        ("assigned", "team_ops")
    ]
