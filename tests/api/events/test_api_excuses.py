"""Excuses over the API: as commands and events, in lists, in the record, explained, and out of the figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

NOW = datetime.now(UTC).replace(microsecond=0)
TARGETS = [
    {"type": "first_response", "priority": "urgent", "hours": 1},
    {"type": "resolution", "priority": "urgent", "hours": 100},
]
STORM = {"target": "first_response", "reason": "storm", "actor": "ada"}


def hours_ago(hours: float) -> str:
    return (NOW - timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


async def late_ticket(api: Any, **more: Any) -> str:
    """A ticket of three hours ago, answered after two: an hour late."""
    await api.policy(targets=TARGETS)
    await api.with_worker()
    path = f"/instances/{(await api.ticket(occurred_at=hours_ago(3), **more))['id']}"
    answer = await api.post(f"{path}/resolve", {"occurred_at": hours_ago(1)})
    assert answer.status_code == 200, answer.text
    return path


async def test_an_excuse_of_a_finished_instance_leaves_its_breach_and_counts_it_no_more(api: Any) -> None:
    path = await late_ticket(api)
    answer = await api.post(f"{path}/excuse", {**STORM, "event_id": "x1"})
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["status"], shown["excused"], shown["event_id"]) == ("breached", True, "x1")
    assert (shown["excuse"]["target"], shown["excuse"]["reason"], shown["excuse"]["actor"]) == (
        "first_response",
        "storm",
        "ada",
    )
    target = shown["targets"]["first_response"]
    assert (target["met"], target["excused"], target["excuse"]["covers"]) == (False, True, "breach")
    assert "excused" not in shown["targets"]["resolution"]

    listed = (await api.get("/instances", excused="true", status="breached")).json()
    assert [(one["excused"], one["status"]) for one in listed["data"]] == [(True, "breached")]
    assert (await api.get("/instances", excused="false")).json()["total"] == 0
    summary = (await api.get("/analytics/summary")).json()
    assert (summary["counts"]["breached"], summary["counts"]["excused"], summary["compliance_rate"]) == (0, 1, 100.0)
    breaches = (await api.get("/analytics/breaches")).json()
    assert (breaches["total"], breaches["excused"]) == (0, 1)
    (breach,) = (await api.get("/analytics/breaches", excused="true")).json()["data"]
    assert (breach["excused"], breach["excuse"]["reason"], breach["overrun_seconds"]) == (True, "storm", 3600)

    steps = (await api.get(f"{path}/events")).json()["data"]
    assert "storm" in str(steps)
    explained = (await api.get(f"{path}/explain")).json()
    assert [one["in_force"] for one in explained["events"] if one["kind"] == "excused"] == [True]
    assert explained["agrees_with_record"] is True

    again = await api.post(f"{path}/excuse", {**STORM, "event_id": "x1"})
    assert (again.status_code, again.json()["excused"]) == (200, True)
    undone = await api.post(f"{path}/excuse:undo", {"target": "first_response", "event_id": "x2"})
    assert (undone.status_code, undone.json()["excused"], "excuse" in undone.json()) == (200, False, False)
    assert (await api.get("/analytics/breaches")).json()["total"] == 1
    # What was excused once is answered as then, also when it would be refused now.
    repeated = await api.post(f"{path}/excuse", {**STORM, "event_id": "x1"})
    assert (repeated.status_code, repeated.json()["excused"]) == (200, False)
    key = [one for one in (await api.get(f"{path}/explain")).json()["events"] if one["kind"] == "excuse_undone"]
    assert key[0]["actor"].startswith("key_")


async def test_what_cannot_be_excused_is_refused_by_name(api: Any) -> None:
    path = await late_ticket(api)
    unknown = await api.post(f"{path}/excuse", {**STORM, "target": "next_response"})
    assert (unknown.status_code, unknown.json()["field"]) == (422, "target")
    assert "must be one of first_response, resolution" in unknown.json()["detail"]
    kept = await api.post(f"{path}/excuse", {**STORM, "target": "resolution"})
    assert (kept.status_code, kept.json()["field"]) == (409, "target")
    assert "resolution had no breach to excuse" in kept.json()["detail"]
    early = await api.post(f"{path}/excuse", {**STORM, "occurred_at": hours_ago(2.5)})
    assert early.status_code == 409
    whole = await api.post(f"{path}/excuse", {**STORM, "target": "resolution", "covers": "result"})
    assert (whole.status_code, whole.json()["targets"]["resolution"]["met"]) == (200, True)
    for body, field in (
        ({"target": "resolution"}, "reason"),
        ({"reason": "storm"}, "target"),
        ({**STORM, "reason": " "}, "reason"),
        ({**STORM, "cycle": 0}, "cycle"),
        ({**STORM, "covers": "all"}, "covers"),
    ):
        refused = await api.post(f"{path}/excuse", body)
        assert (refused.status_code, refused.json()["field"]) == (422, field), refused.text
    assert (await api.post("/instances/inst_sla_ticket_none/excuse", STORM)).status_code == 404
    assert (await api.get(path, live="true")).json()["targets"]["first_response"].get("excused") is None


async def test_an_event_excuses_the_instance_that_has_the_target_and_no_other(api: Any) -> None:
    await api.policy(targets=TARGETS)
    await api.post("/ola/policies", {"name": "Internal", "targets": [{"type": "resolution", "hours": 1}]})
    await api.with_worker()
    ticket = {"priority": "urgent", "team_id": "network", "occurred_at": hours_ago(3)}
    opened = await api.post("/events", {"type": "opened", "ticket_id": "E1", "ticket": ticket})
    assert [one["kind"] for one in opened.json()["instances"]] == ["sla", "ola"]
    told = {"ticket_id": "E1", "type": "excused", **STORM}
    answer = await api.post("/events", told)
    assert (answer.status_code, answer.json()["status"]) == (200, "applied"), answer.text
    assert [(one["kind"], one["instance"]["excused"]) for one in answer.json()["instances"]] == [("sla", True)]
    unknown = await api.post("/events", {**told, "target": "vendor"})
    assert (unknown.status_code, unknown.json()["field"]) == (422, "target")
    for body, field in (({**told, "reason": ""}, "reason"), ({**told, "type": "resolved"}, "target")):
        refused = await api.post("/events", body)
        assert (refused.status_code, refused.json()["field"]) == (422, field), refused.text
    batch = [
        {"ticket_id": "E1", "type": "excuse:undo", "target": "first_response"},
        {**told, "target": "vendor", "event_id": "b2"},
        {**told, "target": "resolution", "event_id": "b3"},
    ]
    answered = (await api.post("/events:batch", {"events": batch})).json()
    assert [one["status"] for one in answered["events"]] == ["applied", "refused", "applied"]
    assert answered["events"][1]["problem"]["field"] == "events[1].target"
    found = {one["kind"]: one for one in (await api.get("/instances", ticket_id="E1")).json()["data"]}
    assert (found["sla"]["excused"], found["ola"]["excused"]) == (False, True)


@pytest.mark.parametrize("due", ["soon", "2026-03-08T17:00"])
async def test_a_field_that_should_say_the_due_instant_and_does_not_is_told(api: Any, due: str) -> None:
    await api.policy(targets=[{"type": "resolution", "priority": "urgent", "by": {"field": "due_date"}}])
    ticket = {"ticket_id": "D1", "priority": "urgent", "fields": {"due_date": due}}
    refused = await api.post("/instances", ticket)
    assert (refused.status_code, refused.json()["field"]) == (422, "fields.due_date")
    told = {"type": "opened", "ticket_id": "D1", "ticket": {"priority": "urgent", "fields": {"due_date": due}}}
    assert (await api.post("/events", told)).json()["field"] == "fields.due_date"
    await api.with_worker()
    opened = await api.post("/instances", {**ticket, "fields": {"due_date": "2026-03-08"}})
    assert opened.status_code == 201, opened.text
    changed = {"type": "updated", "ticket_id": "D1", "fields": {"due_date": due}}
    assert (await api.post("/events", changed)).json()["field"] == "fields.due_date"
    batch = await api.post("/events:batch", {"events": [changed, {**changed, "fields": {"due_date": "2026-03-09"}}]})
    assert [one["status"] for one in batch.json()["events"]] == ["refused", "applied"]


async def test_a_due_instant_moves_with_its_field(api: Any) -> None:
    made = await api.policy(targets=[{"type": "resolution", "priority": "urgent", "by": {"field": "due_date"}}])
    assert made["targets"][0]["by"] == {"field": "due_date"}
    await api.with_worker()
    due, later = hours_ago(-2), hours_ago(-5)
    shown = await api.ticket(conversation_id="c7", fields={"due_date": due}, occurred_at=hours_ago(1))
    target = shown["targets"]["resolution"]
    assert (target["due_at"], target["deadline"]["value"], target["deadline"]["event_id"]) == (due, due, None)
    path = f"/instances/{shown['id']}"
    moved = {"type": "updated", "conversation_id": "c7", "event_id": "m", "fields": {"due_date": later}}
    await api.post("/events", {**moved, "occurred_at": hours_ago(0.5)})
    found = (await api.get(path)).json()
    assert (found["next_due_at"], found["targets"]["resolution"]["deadline"]["moved_from"]) == (later, due)
    text = (await api.http.get(f"/api/v2/sla{path}/explain", headers={"Accept": "text/plain"})).text
    assert "because due_date changed" in text
    await api.post("/events", {**moved, "event_id": "n", "fields": {"due_date": None}})
    gone = (await api.get(path)).json()
    target = gone["targets"]["resolution"]
    assert (gone["next_due_at"], target["due_at"], target["remaining_seconds"], target["state"]) == (
        *(None, None, None),
        "running",
    )
    assert (await api.get(f"{path}/explain")).json()["targets"][0]["deadlines"][-1]["problem"] == "the field is empty"
