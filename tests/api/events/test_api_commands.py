from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

COMMANDS = ("acknowledge", "pause", "resume", "assign", "resolve", "reopen", "cancel")


def hours_ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


async def test_what_a_201_answered_is_found_by_get_and_by_every_command_at_once(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    for command in COMMANDS:
        opened = await api.ticket()
        assert (await api.post(f"/instances/{opened['id']}/{command}")).status_code == 200
        assert (await api.get(f"/instances/{opened['id']}")).status_code == 200


async def test_what_a_command_did_is_in_the_list_at_once(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    for _ in range(10):
        opened = await api.ticket()
        assert (await api.post(f"/instances/{opened['id']}/pause")).status_code == 200
        (listed,) = (await api.get("/instances", conversation_id=opened["conversation_id"])).json()["data"]
        assert (listed["source"], listed["status"]) == ("store", "paused")


async def test_an_unknown_instance_is_not_found_and_nothing_starts(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    for instance_id in ("inst_sla_ticket_unknown", "inst_789", "..", "inst_sla_ticket_%7e"):
        for command in COMMANDS:
            answer = await api.post(f"/instances/{instance_id}/{command}")
            assert answer.status_code == 404
        assert (await api.get(f"/instances/{instance_id}")).status_code == 404
    started = [one async for one in api.temporal.list_workflows(f"TaskQueue = '{api.organization}'")]
    assert started == []


async def test_a_pause_holds_every_clock_until_it_is_resumed(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    opened = await api.ticket(occurred_at=hours_ago(0.5))
    paused = (await api.post(f"/instances/{opened['id']}/pause", {"reason": "awaiting customer"})).json()
    held = paused["targets"]["resolution"]
    assert (paused["status"], held["state"], held["due_at"]) == ("paused", "paused", None)
    assert held["due_if_resumed_now"] > opened["targets"]["resolution"]["due_at"]
    resumed = (await api.post(f"/instances/{opened['id']}/resume")).json()
    assert (resumed["status"], resumed["targets"]["resolution"]["state"]) == ("active", "running")


async def test_a_resume_with_a_cause_ends_only_that_pause(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    path = f"/instances/{(await api.ticket())['id']}"
    await api.post(f"{path}/pause", {"reason": "customer"})
    await api.post(f"{path}/pause", {"cause": "vendor", "reason": "spare part"})
    assert (await api.post(f"{path}/resume", {"cause": "customer"})).json()["status"] == "paused"
    assert (await api.post(f"{path}/resume", {"cause": "vendor"})).json()["status"] == "active"


async def test_an_event_counts_when_it_occurred(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    opened = await api.ticket(occurred_at=hours_ago(2))
    late = await api.post(f"/instances/{opened['id']}/acknowledge", {"occurred_at": hours_ago(1.5), "event_id": "zd-1"})
    assert opened["targets"]["first_response"]["met"] is False
    assert late.json()["targets"]["first_response"]["met"] is True
    assert late.json()["event_id"] == "zd-1"


@pytest.mark.parametrize(("minutes", "status"), [(4, 200), (6, 422)])
async def test_an_event_may_lie_at_most_five_minutes_ahead(api: Any, minutes: int, status: int) -> None:
    await api.policy()
    await api.with_worker()
    opened = await api.ticket()
    ahead = {"occurred_at": hours_ago(-minutes / 60)}
    assert (await api.post(f"/instances/{opened['id']}/acknowledge", ahead)).status_code == status
    another = await api.post("/instances", {"ticket_id": "1", "priority": "urgent", **ahead})
    assert another.status_code == (201 if status == 200 else 422)


async def test_a_command_repeated_under_one_event_id_counts_once(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    path = f"/instances/{(await api.ticket(occurred_at=hours_ago(1)))['id']}"
    await api.post(f"{path}/pause", {"event_id": "p1", "occurred_at": hours_ago(0.5)})
    await api.post(f"{path}/resume", {"event_id": "r1", "occurred_at": hours_ago(0.4)})
    again = await api.post(f"{path}/pause", {"event_id": "p1"})
    assert (again.status_code, again.json()["status"]) == (200, "active")


async def test_a_finished_instance_goes_on_with_its_past(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    opened = await api.ticket(occurred_at=hours_ago(3))
    path = f"/instances/{opened['id']}"
    resolved = await api.post(f"{path}/resolve", {"occurred_at": hours_ago(2)})
    assert resolved.json()["closed_at"] is not None
    await api.ended(opened["id"])
    reopened = await api.post(f"{path}/reopen", {"occurred_at": hours_ago(1)})
    target = reopened.json()["targets"]["resolution"]
    assert reopened.status_code == 200
    assert (reopened.json()["closed_at"], target["state"]) == (None, "running")
    assert target["elapsed_seconds"] == pytest.approx(2 * 3600, abs=10)
    assert (await api.get(path)).json()["targets"]["resolution"]["state"] == "running"


async def test_without_a_worker_a_command_is_accepted_and_lasts(api: Any) -> None:
    await api.policy()
    opened = await api.ticket()
    accepted = await api.post(f"/instances/{opened['id']}/acknowledge", {"event_id": "zd-7"})
    assert accepted.status_code == 202
    assert accepted.json()["status"] == "accepted"
    assert accepted.json()["event_id"] == "zd-7"
    assert accepted.headers["location"] == f"/api/v2/sla/instances/{opened['id']}"
    await api.with_worker()
    same = await api.post(f"/instances/{opened['id']}/acknowledge", {"event_id": "zd-7"})
    assert (same.status_code, same.json()["targets"]["first_response"]["met"]) == (200, True)


async def test_an_event_that_cannot_be_planned_is_refused_and_harms_nothing(api: Any) -> None:
    await api.policy(targets=[{"type": "resolution", "hours": 75 * 8766}])
    await api.with_worker()
    opened = await api.ticket(occurred_at="1990-01-01T00:00:00Z")
    path = f"/instances/{opened['id']}"
    paused = await api.post(f"{path}/pause", {"occurred_at": "1990-01-02T00:00:00Z"})
    assert paused.status_code == 200
    assert paused.json()["targets"]["resolution"]["due_if_resumed_now"] is None
    refused = await api.post(f"{path}/resume", {"event_id": "r1"})
    assert (refused.status_code, refused.json()["field"], refused.json()["value"]) == (422, "event_id", "r1")
    assert (await api.get(path)).json()["status"] == "paused"
    assert (await api.get("/instances")).json()["total"] == 1


async def test_a_handover_measures_on_in_the_hours_of_the_next_team(api: Any) -> None:
    for team_id, opens, closes in (("days", "00:00", "12:00"), ("nights", "12:00", "24:00")):
        week = {day: [[opens, closes]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
        hours = await api.post("/business-hours", {"name": team_id, "timezone": "UTC", "weekly_hours": week})
        await api.post("/teams", {"id": team_id, "name": team_id, "business_hours_id": hours.json()["id"]})
    policy = await api.policy(business_hours="team", targets=[{"type": "resolution", "hours": 6}])
    assert (await api.get(f"/policies/{policy['id']}")).json()["business_hours"] == "team"
    await api.with_worker()
    opened = await api.ticket(team_id="days", occurred_at="2026-03-02T03:00:00Z")
    assert opened["targets"]["resolution"]["due_at"] == "2026-03-02T09:00:00Z"
    path = f"/instances/{opened['id']}"
    handed = await api.post(f"{path}/assign", {"team_id": "nights", "occurred_at": "2026-03-02T05:00:00Z"})
    assert handed.json()["targets"]["resolution"]["due_at"] == "2026-03-02T16:00:00Z"
    (shown,) = (await api.get(f"{path}/explain")).json()["targets"]
    assert [(one["from"], one["team_id"]) for one in shown["hours"]] == [
        ("2026-03-02T03:00:00Z", "days"),
        ("2026-03-02T05:00:00Z", "nights"),
    ]
    refused = await api.http.patch(f"/api/v2/sla/policies/{policy['id']}", json={"business_hours": "teams"})
    assert (refused.status_code, refused.json()["field"]) == (422, "business_hours")
