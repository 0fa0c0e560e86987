from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest


def hours_ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


async def test_a_ticket_gets_its_targets_at_once_and_without_a_worker(api: Any) -> None:
    policy = await api.policy()
    answer = await api.post(
        "/instances", {"conversation_id": "conv_456", "priority": "urgent", "occurred_at": "2026-03-08T13:00:00Z"}
    )
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v2/sla/instances/{body['id']}"
    assert body["id"] == "inst_sla_conversation_conv_456"
    assert body["policy_id"] == policy["id"]
    assert body["conversation_id"] == "conv_456"
    assert "ticket_id" not in body
    assert body["targets"]["first_response"]["due_at"] == "2026-03-08T14:00:00Z"
    assert body["targets"]["resolution"]["due_at"] == "2026-03-08T17:00:00Z"


async def test_a_running_ticket_reads_as_documented(api: Any) -> None:
    await api.policy()
    body = await api.ticket()
    target = body["targets"]["resolution"]
    assert (body["status"], body["closed_at"], target["met"]) == ("active", None, None)
    assert target["elapsed_seconds"] + target["remaining_seconds"] == pytest.approx(4 * 3600)
    assert target["started_at"] == body["opened_at"]
    assert [milestone["name"] for milestone in target["milestones"]] == ["halfway", "at_risk", "breached"]


async def test_the_list_shows_a_new_instance_at_once_and_next_due_first(api: Any) -> None:
    await api.policy()
    later = await api.ticket()
    sooner = await api.ticket(occurred_at=hours_ago(2))
    page = (await api.get("/instances")).json()
    assert [one["id"] for one in page["data"]] == [sooner["id"], later["id"]]
    assert page["total"] == 2


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"conversation_id": "a"}, ["inst_sla_conversation_a"]),
        ({"ticket_id": "a"}, ["inst_sla_ticket_a"]),
        ({"incident_id": "a"}, []),
        ({"status": "active", "priority": "urgent"}, ["inst_sla_conversation_a", "inst_sla_ticket_a"]),
        ({"status": "paused"}, []),
        ({"priority": "low"}, []),
        ({"policy_id": "sla_none"}, []),
        ({"kind": "ola"}, []),
        ({"kind": "sla", "limit": 1, "offset": 1}, ["inst_sla_ticket_a"]),
    ],
)
async def test_a_list_is_narrowed_by_what_is_asked_for(api: Any, filters: dict[str, Any], found: list[str]) -> None:
    await api.policy()
    await api.ticket("a", occurred_at=hours_ago(0.2))
    await api.post("/instances", {"ticket_id": "a", "priority": "urgent", "occurred_at": hours_ago(0.1)})
    assert [one["id"] for one in (await api.get("/instances", **filters)).json()["data"]] == found


async def test_the_same_ticket_opened_again_is_the_instance_it_has(api: Any) -> None:
    await api.policy()
    first = await api.ticket("conv_1")
    again = await api.post("/instances", {"conversation_id": "conv_1", "priority": "low"})
    assert again.status_code == 200
    assert (again.json()["id"], again.json()["priority"]) == (first["id"], "urgent")


async def test_a_finished_ticket_opened_again_stays_finished(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    first = await api.ticket("conv_1")
    await api.post(f"/instances/{first['id']}/resolve")
    await api.ended(first["id"])
    again = await api.post("/instances", {"conversation_id": "conv_1", "priority": "urgent"})
    assert (again.status_code, again.json()["status"]) == (200, "met")


async def test_one_of_many_simultaneous_openings_creates_and_the_others_find(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    body = {"conversation_id": "conv_1", "priority": "urgent"}
    answers = await asyncio.gather(*(api.post("/instances", body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["targets"]["resolution"]["due_at"] for answer in answers}) == 1


async def test_a_conversation_and_a_ticket_of_one_number_are_two(api: Any) -> None:
    await api.policy()
    conversation = await api.post("/instances", {"conversation_id": "42", "priority": "urgent"})
    ticket = await api.post("/instances", {"ticket_id": "42", "priority": "urgent"})
    assert (conversation.status_code, ticket.status_code) == (201, 201)


@pytest.mark.parametrize("targets", [None, []])
async def test_an_untracked_ticket_starts_nothing_and_matches_later(api: Any, targets: Any) -> None:
    body = {"conversation_id": "conv_1", "priority": "urgent"}
    expected_policy = None if targets is None else (await api.policy(targets=targets, enabled=True))["id"]
    answer = await api.post("/instances", body)
    assert answer.status_code == 200
    assert answer.json() == {
        "id": None,
        "policy_id": expected_policy,
        "conversation_id": "conv_1",
        "kind": "sla",
        "priority": "urgent",
        "status": "untracked",
        "targets": {},
    }
    assert (await api.get("/instances")).json()["total"] == 0
    assert (await api.get("/instances/inst_sla_conversation_conv_1")).status_code == 404
    if targets is None:
        await api.policy()
        assert (await api.post("/instances", body)).status_code == 201


async def test_a_ticket_opens_with_the_team_it_belongs_to(api: Any) -> None:
    condition = {"field": "team_id", "operator": "eq", "value": "t1"}
    policy = await api.policy(conditions=[condition])
    opened = await api.ticket("conv_1", team_id="t1")
    assert (opened["policy_id"], opened["team_id"]) == (policy["id"], "t1")
    assert (await api.get("/instances/inst_sla_conversation_conv_1")).json()["team_id"] == "t1"
    other = await api.post("/instances", {"conversation_id": "conv_2", "priority": "urgent", "team_id": "t2"})
    assert other.json()["status"] == "untracked"


async def test_a_running_instance_keeps_the_policy_it_was_opened_under(api: Any) -> None:
    hours = (await api.get("/business-hours")).json()["data"][0]
    await api.policy(business_hours=True)
    opened = await api.ticket("conv_1", occurred_at="2026-03-06T10:00:00Z")
    week = {"weekly_hours": {"sun": [["00:00", "24:00"]]}}
    await api.http.patch(f"/api/v2/sla/business-hours/{hours['id']}", json=week)
    found = (await api.get(f"/instances/{opened['id']}")).json()
    assert found["targets"]["resolution"]["due_at"] == "2026-03-06T14:00:00Z"
    assert opened["targets"]["resolution"]["due_at"] == "2026-03-06T14:00:00Z"
