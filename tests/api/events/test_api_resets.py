"""Resets over REST: as a command and as an event, with a reason, of targets that there are."""

from __future__ import annotations

from typing import Any

NINE = "2026-03-02T09:00:00Z"
TARGETS = [{"type": "first_response", "hours": 1}, {"type": "resolution", "hours": 4}]


async def opened(api: Any) -> str:
    await api.policy(conditions=[], targets=TARGETS)
    body = {"type": "opened", "ticket_id": "1", "ticket": {}, "occurred_at": NINE}
    instance: str = (await api.post("/events", body)).json()["instances"][0]["id"]
    return instance


async def test_a_reset_begins_a_target_anew_and_is_recorded_and_explained(api: Any) -> None:
    instance = await opened(api)
    await api.with_worker()
    body = {"target": "resolution", "reason": "logs came late", "occurred_at": "2026-03-02T10:00:00Z", "event_id": "r1"}
    seen = (await api.post(f"/instances/{instance}/reset", body)).json()
    assert (seen["targets"]["resolution"]["cycle"], seen["targets"]["resolution"]["due_at"]) == (
        2, "2026-03-02T14:00:00Z"
    )  # fmt: skip
    assert [(one["type"], one["superseded"]) for one in seen["earlier_cycles"]] == [("resolution", True)]
    again = {"type": "reset", "ticket_id": "1", "reason": "merged", "occurred_at": "2026-03-02T11:00:00Z"}
    told = (await api.post("/events", again)).json()["instances"][0]["instance"]
    assert {name: one["cycle"] for name, one in told["targets"].items()} == {"first_response": 2, "resolution": 3}
    explained = (await api.get(f"/instances/{instance}/explain")).json()
    cycle = next(one for one in explained["targets"] if one["type"] == "resolution")
    assert cycle["ended_by"] == {"event_id": "r1", "kind": "reset", "did": "superseded"}
    assert [(one["target"], one["reason"]) for one in explained["events"] if one.get("target")] == [
        ("resolution", "logs came late")
    ]
    steps = (await api.get(f"/instances/{instance}/events")).json()["data"]
    recorded = {one["event_id"]: one for step in steps for one in step["link"]["events"]}
    assert (recorded["r1"]["kind"], recorded["r1"]["target"]) == ("reset", "resolution")


async def test_a_reset_without_a_reason_or_of_no_target_that_there_is_is_refused(api: Any) -> None:
    instance = await opened(api)
    await api.with_worker()
    for body, field in (({}, "reason"), ({"reason": " "}, "reason"), ({"reason": "x", "target": "vendor"}, "target")):
        answer = await api.post(f"/instances/{instance}/reset", body)
        assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert "first_response, resolution" in answer.json()["detail"]
    event = {"type": "reset", "ticket_id": "1"}
    assert (await api.post("/events", event)).json()["field"] == "reason"
    unknown = await api.post("/events", {**event, "reason": "x", "target": "vendor"})
    assert (unknown.status_code, unknown.json()["field"]) == (422, "target")
    assert "must be one of first_response, resolution" in unknown.json()["detail"]
    elsewhere = await api.post("/events", {"type": "resolved", "ticket_id": "1", "target": "resolution"})
    assert (elsewhere.status_code, elsewhere.json()["field"]) == (422, "target")
    assert (await api.get(f"/instances/{instance}")).json()["targets"]["resolution"]["due_at"] == "2026-03-02T13:00:00Z"


async def test_an_event_resets_the_instance_that_has_the_target_and_no_other(api: Any) -> None:
    instance = await opened(api)
    internal = {"name": "Between teams", "targets": [{"type": "first_response", "hours": 1}]}
    assert (await api.post("/ola/policies", internal)).status_code == 201
    both = {"type": "opened", "ticket_id": "2", "ticket": {"team_id": "desk"}, "occurred_at": NINE}
    assert len((await api.post("/events", both)).json()["instances"]) == 2
    await api.with_worker()
    event = {"type": "reset", "ticket_id": "2", "target": "resolution", "reason": "x", "occurred_at": NINE}
    (told,) = (await api.post("/events", event)).json()["instances"]
    assert (told["kind"], told["status"]) == ("sla", "applied")
    assert told["id"] != instance
