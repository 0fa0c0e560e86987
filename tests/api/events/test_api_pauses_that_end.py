"""Pauses that end by themselves, over the API: as a command, as an event, in lists, in the record and explained."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.record.chain import verify
from tests.support.clockwork import eventually

NOW = datetime.now(UTC).replace(microsecond=0)
TARGETS = [{"type": "resolution", "priority": "urgent", "hours": 100}]


def hours_ago(hours: float) -> str:
    return (NOW - timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


async def paused(api: Any, **end: Any) -> tuple[str, Any]:
    await api.with_worker()
    path = f"/instances/{(await api.ticket(occurred_at=hours_ago(3)))['id']}"
    told = {"cause": "customer", "occurred_at": hours_ago(2.5), **end}
    answer = await api.post(f"{path}/pause", told)
    assert answer.status_code == 200, answer.text
    return path, answer.json()


async def test_a_pause_that_has_ended_by_itself_holds_nothing_any_more(api: Any) -> None:
    await api.policy(targets=TARGETS)
    path, shown = await paused(api, until=hours_ago(2), event_id="p")
    target = shown["targets"]["resolution"]
    assert (shown["status"], target["state"], target["paused_seconds"]) == ("active", "running", 1800)
    assert target["due_at"] is not None
    assert [one["status"] for one in (await api.get("/instances", status="active")).json()["data"]] == ["active"]
    assert (await api.get("/instances", status="paused")).json()["data"] == []
    (told,) = [one for one in (await api.get(f"{path}/explain")).json()["events"] if one["kind"] == "paused"]
    assert (told["until"], told["ended_at"], told["ended_by"]) == (hours_ago(2), hours_ago(2), "until")
    steps = (await api.get(f"{path}/events")).json()["data"]
    assert hours_ago(2) in str(steps)


async def test_a_pause_that_ends_later_shows_when_the_clock_runs_on(api: Any) -> None:
    await api.policy(targets=TARGETS)
    _, shown = await paused(api, until={"hours": 100}, ends_when=[])
    target = shown["targets"]["resolution"]
    assert (shown["status"], target["state"], target["resumes_at"]) == ("paused", "paused", hours_ago(-97.5))
    assert target["due_at"] > target["resumes_at"]
    assert "due_if_resumed_now" not in target
    assert [one["status"] for one in (await api.get("/instances", status="paused")).json()["data"]] == ["paused"]


async def test_an_event_may_say_when_its_pause_ends_and_another_end_it(api: Any) -> None:
    await api.policy(targets=TARGETS)
    await api.with_worker()
    path = f"/instances/{(await api.ticket(conversation_id='c9', occurred_at=hours_ago(3)))['id']}"
    told = {"type": "paused", "conversation_id": "c9", "cause": "vendor", "ends_when": "agent_replied"}
    await api.post("/events", {**told, "occurred_at": hours_ago(2)})
    assert (await api.get(path)).json()["status"] == "paused"
    answered = {"type": "agent_replied", "conversation_id": "c9", "event_id": "a", "occurred_at": hours_ago(1)}
    await api.post("/events", answered)
    assert (await api.get(path)).json()["status"] == "active"
    text = (await api.http.get(f"/api/v2/sla{path}/explain", headers={"Accept": "text/plain"})).text
    assert "ends by itself" in text
    assert "with event a" in text


@pytest.mark.parametrize(
    ("end", "field"),
    [
        ({"until": "soon"}, "until"),
        ({"until": hours_ago(4)}, "until"),
        ({"until": {"days": 1}}, "until.days"),
        ({"ends_when": ["resolved"]}, "ends_when[0]"),
        ({"ends_when": [{"field": "status", "operator": "near"}]}, "ends_when[0].operator"),
    ],
)
async def test_an_end_that_no_pause_can_have_is_refused(api: Any, end: dict[str, Any], field: str) -> None:
    await api.policy(targets=TARGETS)
    path = f"/instances/{(await api.ticket(occurred_at=hours_ago(3)))['id']}"
    answer = await api.post(f"{path}/pause", {"cause": "customer", **end})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_an_end_is_for_an_event_that_pauses(api: Any) -> None:
    answer = await api.post("/events", {"type": "resumed", "ticket_id": "1", "until": hours_ago(-1)})
    assert (answer.status_code, answer.json()["field"]) == (422, "until")


async def test_a_policy_says_how_long_a_pause_counts_at_most(api: Any) -> None:
    made = await api.policy(targets=TARGETS, pauses_at_most={"customer": {"minutes": 30}})
    assert made["pauses_at_most"] == {"customer": {"minutes": 30}}
    path, shown = await paused(api)
    target = shown["targets"]["resolution"]
    assert (target["state"], target["paused_seconds"]) == ("running", 1800)
    (told,) = [one for one in (await api.get(f"{path}/explain")).json()["events"] if one["kind"] == "paused"]
    assert told["ended_by"] == "at_most"
    refused = await api.post("/policies", {"name": "x", "pauses_at_most": {"customer": 5}})
    assert (refused.status_code, refused.json()["field"]) == (422, "pauses_at_most.customer")


async def test_a_pause_that_is_too_long_fires_once_and_stands_in_the_record(api: Any) -> None:
    await api.policy(targets=TARGETS, pauses_at_most={"customer": {"hours": 1}})
    path, shown = await paused(api, event_id="p")
    assert shown["targets"]["resolution"]["paused_seconds"] == 3600

    async def fired() -> Any:
        (found,) = (await api.get(f"{path}/explain")).json()["long_pauses"]
        return found

    found = await eventually(fired, lambda one: one["fired_at"] is not None)
    assert (found["cause"], found["event_id"], found["name"]) == ("customer", "p", "pause_too_long:p")
    assert (found["planned_at"], found["generation"], found["withdrawn_at"]) == (hours_ago(1.5), 1, None)
    await api.post(f"{path}/resolve")
    await api.ended(shown["id"])
    record = (await api.get(f"{path}/events/export")).json()
    assert verify(record).findings == ()
    assert "-/1/pause_too_long:p" in str(record)
