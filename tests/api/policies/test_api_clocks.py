"""Clocks of every kind over the API: promised in policies, driven by events, shown in instances."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clockwork import eventually

PENDING = {"field": "status", "operator": "in", "value": ["pending", "on_hold"]}
WITH_VENDOR = {"field": "status", "operator": "eq", "value": "with vendor"}
TARGETS: list[dict[str, Any]] = [
    {"type": "next_response", "minutes": 240, "pauses_when": [PENDING]},
    {"type": "periodic_update", "hours": 24, "pauses_when": {"match": "any", "conditions": [PENDING, WITH_VENDOR]}},
    {"type": "total_resolution", "days": 5},
    {"type": "resolution", "days": 2, "end_of_day": True},
    {"type": "first_response", "by": {"weekday": "fri", "time": "16:00"}},
    {"type": "vendor_answer", "hours": 8, "starts_when": [WITH_VENDOR], "stops_when": [PENDING]},
    {
        "type": "callback",
        "hours": 8,
        "starts_on": ["customer_replied", {"event": "updated", "by": ["agent", "system"]}],
        "stops_on": [{"event": "agent_replied", "by": ["agent", "bot"]}],
        "renews_on": ["acknowledged"],
        "cancels_on": ["assigned"],
        "cancels_when": [WITH_VENDOR],
        "pauses_on": ["paused"],
        "resumes_on": ["resumed"],
    },
]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target["type"])
async def test_every_kind_of_promise_is_made_and_read_back_as_it_was_given(api: Any, target: dict[str, Any]) -> None:
    policy = await api.policy(targets=[target])
    (shown,) = policy["targets"]
    assert {name: shown[name] for name in target} == target
    if "days" in target or "by" in target:
        assert (shown["hours"], shown["minutes"]) == (None, None)
    added = await api.post(f"/policies/{policy['id']}/targets", {**target, "priority": "low"})
    assert added.status_code == 201, added.text
    assert {name: added.json()[name] for name in target} == target


async def test_a_promise_of_hours_reads_as_it_did_before_there_were_others(api: Any) -> None:
    (shown,) = (await api.policy(targets=[{"type": "resolution", "hours": 1}]))["targets"]
    assert set(shown) == {"id", "type", "priority", "hours", "minutes", "pausable"}


async def test_what_a_policy_does_on_changes_and_reopenings_is_shown_and_can_be_changed(api: Any) -> None:
    policy = await api.policy()
    assert (policy["on_change"], policy["on_reopen"]) == ("keep", "continue")
    changes = {"on_change": "retarget", "on_reopen": "new_cycle"}
    changed = await api.http.patch(f"/api/v2/sla/policies/{policy['id']}", json=changes)
    assert {name: changed.json()[name] for name in changes} == changes
    back = await api.http.patch(f"/api/v2/sla/policies/{policy['id']}", json=dict.fromkeys(changes))
    assert (back.json()["on_change"], back.json()["on_reopen"]) == ("keep", "continue")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"on_change": "forget"}, "on_change"),
        ({"on_reopen": 1}, "on_reopen"),
        ({"targets": [{"type": "vendor answer", "hours": 1}]}, "targets[0].type"),
        ({"targets": [{"type": "vendor_answer", "hours": 1}]}, "targets[0].type"),
        ({"targets": [{"type": "resolution", "days": 1.5}]}, "targets[0].days"),
        ({"targets": [{"type": "resolution", "days": 1, "hours": 3}]}, "targets[0].days"),
        ({"targets": [{"type": "resolution", "by": {"weekday": "someday", "time": "16:00"}}]}, "targets[0].by.weekday"),
        ({"targets": [{"type": "resolution", "by": {"time": "4 pm"}}]}, "targets[0].by.time"),
        ({"targets": [{"type": "resolution", "hours": 1, "stops_on": ["opened"]}]}, "targets[0].stops_on[0]"),
        ({"targets": [{"type": "resolution", "hours": 1, "starts_on": []}]}, "targets[0].starts_on"),
        ({"targets": [{"type": "resolution", "hours": 1, "pauses_when": "pending"}]}, "targets[0].pauses_when"),
        (
            {"targets": [{"type": "resolution", "hours": 1, "pauses_when": [{**PENDING, "operator": "is"}]}]},
            "targets[0].pauses_when[0].operator",
        ),
    ],
)
async def test_what_cannot_be_promised_is_refused_by_name(api: Any, change: dict[str, Any], field: str) -> None:
    answer = await api.post("/policies", {"name": "Odd", **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text


async def event(api: Any, type_: str, **body: Any) -> dict[str, Any]:
    answer = await api.post("/events", {"type": type_, "ticket_id": "1", **body})
    assert answer.status_code == 200, answer.text
    (part,) = answer.json()["instances"]
    assert part["status"] == "applied"
    instance: dict[str, Any] = part["instance"]
    return instance


async def test_the_messages_of_both_sides_drive_the_next_response(api: Any) -> None:
    await api.policy(conditions=[], targets=[{"type": "next_response", "hours": 1}])
    await api.with_worker()
    opened = await event(api, "opened", ticket={}, occurred_at="2026-03-02T09:00:00Z")
    assert (opened["status"], opened["targets"]["next_response"]["state"]) == ("active", "waiting")
    await event(api, "customer_replied", occurred_at="2026-03-02T10:00:00Z")
    await event(api, "customer_reply", occurred_at="2026-03-02T10:20:00Z")
    await event(api, "agent_replied", occurred_at="2026-03-02T10:30:00Z")
    seen = await event(api, "customer_replied", occurred_at="2026-03-02T12:00:00Z")
    now = seen["targets"]["next_response"]
    assert (now["cycle"], now["due_at"]) == (2, "2026-03-02T13:00:00Z")
    (before,) = seen["earlier_cycles"]
    assert (before["due_at"], before["met"], before["superseded"]) == ("2026-03-02T11:00:00Z", True, False)
    closed = await event(api, "resolved", occurred_at="2026-03-02T14:00:00Z")
    assert (closed["status"], closed["closed_at"]) == ("breached", "2026-03-02T14:00:00Z")


async def test_a_change_of_priority_shows_the_policy_that_counts_then(api: Any) -> None:
    urgent = {"field": "priority", "operator": "eq", "value": "urgent"}
    await api.policy(name="Urgent", conditions=[urgent], targets=[{"type": "resolution", "hours": 1}])
    normal = {"conditions": [], "targets": [{"type": "resolution", "hours": 8}], "on_change": "retarget"}
    await api.policy(name="Normal", **normal)
    await api.with_worker()
    await event(api, "opened", ticket={"priority": "low"}, occurred_at="2026-03-02T09:00:00Z")
    seen = await event(api, "updated", fields={"priority": "urgent"}, occurred_at="2026-03-02T09:30:00Z")
    resolution = seen["targets"]["resolution"]
    assert resolution["due_at"] == "2026-03-02T10:00:00Z"
    assert (seen["priority"], resolution["policy"]["name"], resolution["policy"]["id"]) == (
        "urgent", "Urgent", seen["policy_id"]
    )  # fmt: skip


async def test_every_cycle_counts_as_a_target_of_its_own_in_analytics(api: Any) -> None:
    await api.policy(conditions=[], targets=[{"type": "next_response", "hours": 1}])
    await api.with_worker()
    await event(api, "opened", ticket={}, occurred_at="2026-03-02T09:00:00Z")
    for hour, type_ in ((10, "customer_replied"), (12, "agent_replied"), (13, "customer_replied")):
        await event(api, type_, occurred_at=f"2026-03-02T{hour}:00:00Z")
    await event(api, "resolved", occurred_at="2026-03-02T13:30:00Z")

    async def by_type() -> Any:
        asked = {"start_date": "2026-03-02", "end_date": "2026-03-02"}
        summary = (await api.get("/analytics/summary", **asked)).json()
        return summary["by_target_type"]

    found = await eventually(by_type, lambda rows: rows and rows[0].get("met") == 1 and rows[0].get("breached") == 1)
    assert found[0]["type"] == "next_response"


async def test_who_did_it_decides_what_counts_and_is_explained(api: Any) -> None:
    """A bot's reply answers nobody, but where the target says so."""
    anybody = {"event": "agent_replied", "by": ["agent", "bot"]}
    targets = [{"type": "first_response", "hours": 1}, {"type": "first_answer", "hours": 1, "stops_on": [anybody]}]
    await api.policy(conditions=[], targets=targets)
    await api.with_worker()
    await event(api, "opened", ticket={}, occurred_at="2026-03-02T09:00:00Z")
    bot = {"name": "Answer Bot", "role": "bot"}
    seen = await event(api, "agent_replied", actor=bot, occurred_at="2026-03-02T09:01:00Z")
    assert {name: one["state"] for name, one in seen["targets"].items()} == {
        "first_response": "running",
        "first_answer": "stopped",
    }
    command = {"actor": {"name": "ada", "role": "agent"}, "occurred_at": "2026-03-02T09:30:00Z"}
    answer = await api.post(f"/instances/{seen['id']}/acknowledge", command)
    assert answer.json()["targets"]["first_response"]["stopped_at"] == "2026-03-02T09:30:00Z"
    explained = (await api.get(f"/instances/{seen['id']}/explain")).json()
    ended = {one["type"]: one["ended_by"] for one in explained["targets"]}
    assert (ended["first_answer"]["kind"], ended["first_answer"]["actor"], ended["first_answer"]["role"]) == (
        "agent_replied", "Answer Bot", "bot"
    )  # fmt: skip
    assert ended["first_response"]["actor"] == "ada"
    recorded = (await api.get(f"/instances/{seen['id']}/events")).json()["data"]
    assert [one.get("actor") for step in recorded for one in step["link"]["events"]] == [None, bot, command["actor"]]


async def test_an_unknown_role_is_refused_with_those_that_there_are(api: Any) -> None:
    for path, body in (
        ("/events", {"type": "agent_replied", "ticket_id": "1"}),
        ("/instances/inst_sla_ticket_1/resolve", {}),
    ):
        answer = await api.post(path, {**body, "actor": {"role": "robot"}})
        problem = answer.json()
        assert (answer.status_code, problem["field"], problem["value"]) == (422, "actor.role", "robot")
        assert "customer, agent, bot, system" in problem["detail"]
