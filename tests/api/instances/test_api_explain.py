"""`GET /instances/{id}/explain` over the API, with a real store, a real Temporal server and a worker."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from api.v2.instances.explain.examples import EXPLANATION, TEXT
from domain.explaining.text import explanation_text
from domain.explaining.view import explanation_view
from domain.instants import parse
from store.schema.tables import instance_events, instance_records
from store.store import Store
from tests.support.clockwork import eventually
from tests.support.documents.explained import explained_ticket

GOLD = {"name": "Gold", "conditions": [{"field": "plan", "operator": "eq", "value": "gold"}]}


def hours_ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


async def told(api: Any, instance: dict[str, Any], **params: Any) -> dict[str, Any]:
    answer = await api.get(f"/instances/{instance['id']}/explain", **params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["vary"] == "Accept"
    return dict(answer.json())


async def text(api: Any, instance: dict[str, Any], accept: str = "*/*", **params: Any) -> Any:
    headers = {"Accept": accept}
    return await api.http.get(f"/api/v2/sla/instances/{instance['id']}/explain", params=params, headers=headers)


async def paused_ticket(api: Any) -> dict[str, Any]:
    """Opened three hours ago, and in the customer's hands from two hours ago until one hour ago."""
    await api.policy(**GOLD)
    await api.policy()
    await api.with_worker()
    ticket = await api.ticket("conv_1", occurred_at=hours_ago(3), fields={"plan": "basic"})
    for command, hours in (("pause", 2), ("resume", 1)):
        body = {"cause": "customer", "reason": "awaiting logs", "occurred_at": hours_ago(hours), "event_id": command}
        assert (await api.post(f"/instances/{ticket['id']}/{command}", body)).status_code == 200
    # What an event makes due is told, and recorded, behind the event itself.
    await eventually(partial(told, api, ticket), lambda found: fired_at(found, "halfway") is not None)
    await at_rest(api, ticket)
    return dict(ticket)


async def at_rest(api: Any, ticket: dict[str, Any]) -> None:
    """Once nothing has been recorded for half a second."""
    lengths: list[int] = []

    async def look() -> bool:
        await asyncio.sleep(0.1)
        lengths.append((await api.get(f"/instances/{ticket['id']}/events")).json()["total"])
        return len(lengths) > 5 and len(set(lengths[-5:])) == 1

    await eventually(look)


def fired_at(explained: dict[str, Any], milestone: str) -> str | None:
    """Of the resolution's, as it stands."""
    resolution = next(one for one in explained["targets"] if one["type"] == "resolution")
    standing = [one for one in resolution["milestones"] if one["name"] == milestone and one["withdrawn_at"] is None]
    return next((str(one["fired_at"]) for one in standing if one["fired_at"] is not None), None)


async def test_an_explanation_adds_up_and_names_policy_events_and_milestones(api: Any) -> None:
    ticket = await paused_ticket(api)
    found = await told(api, ticket)
    assert (found["id"], found["status"], found["is_complete"], found["agrees_with_record"]) == (
        ticket["id"],
        "breached",
        True,
        True,
    )
    resolution = next(one for one in found["targets"] if one["type"] == "resolution")
    assert [one["kind"] for one in resolution["segments"]] == ["running", "paused", "running"]
    assert sum(one["seconds"] for one in resolution["segments"]) == pytest.approx(3 * 3600, abs=30)
    assert sum(one["counted_seconds"] for one in resolution["segments"]) == pytest.approx(resolution["elapsed_seconds"])
    assert resolution["causes"][0]["cause"] == "customer"
    assert [one["event_id"] for one in found["events"]][1:] == ["pause", "resume"]
    assert found["policy"]["name"] == "Urgent"
    (above,) = found["policy"]["matching"]["above"]
    assert (above["name"], above["failed"][0]["actual"]) == ("Gold", "basic")
    halfway = next(one for one in resolution["milestones"] if one["name"] == "halfway")
    assert parse(halfway["fired_at"]) >= parse(halfway["planned_at"])


async def test_the_numbers_are_those_of_the_instance(api: Any) -> None:
    ticket = await paused_ticket(api)
    await api.post(f"/instances/{ticket['id']}/resolve", {"occurred_at": hours_ago(0.5)})
    shown = (await api.get(f"/instances/{ticket['id']}")).json()
    found = await told(api, ticket)
    assert (found["status"], found["closed_at"]) == (shown["status"], shown["closed_at"])
    for target in found["targets"]:
        own = shown["targets"][target["type"]]
        for name in ("elapsed_seconds", "remaining_seconds", "paused_seconds", "due_at", "met", "breached_at"):
            assert target[name] == own[name]


async def test_what_a_command_was_answered_with_is_explained_at_once(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    tickets = [await api.ticket() for _ in range(5)]
    for ticket in tickets:
        await api.post(f"/instances/{ticket['id']}/acknowledge", {"event_id": "hello"})
        found = await told(api, ticket)
        assert [one["event_id"] for one in found["events"]][1:] == ["hello"]
        assert (found["is_complete"], found["agrees_with_record"]) == (True, True)


async def test_a_finished_instance_is_explained_without_a_worker(api: Any) -> None:
    await api.policy()
    ticket = await api.ticket("conv_1", occurred_at=hours_ago(1))
    worker = await api.with_worker()
    await api.post(f"/instances/{ticket['id']}/resolve", {"occurred_at": hours_ago(0.5)})
    await api.ended(ticket["id"])
    await api.lose_worker(worker)
    found = await told(api, ticket)
    assert (found["status"], found["is_complete"], found["agrees_with_record"]) == ("met", True, True)
    assert [one["wall_seconds"] for one in found["targets"]] == pytest.approx([1800, 1800], abs=30)


async def test_what_was_known_at_an_instant_is_explained_as_it_was_known_then(api: Any) -> None:
    ticket = await paused_ticket(api)
    before, now = await told(api, ticket), datetime.now(UTC).isoformat()
    late = {"occurred_at": hours_ago(2.5), "event_id": "late"}
    assert (await api.post(f"/instances/{ticket['id']}/resolve", late)).status_code == 200
    after = await eventually(partial(told, api, ticket), lambda found: withdrawn(found) > withdrawn(before))
    known = await told(api, ticket, as_of=now)
    assert [one["event_id"] for one in after["events"]][1:] == ["late", "pause", "resume"]
    assert known["events"] == before["events"]
    assert (known["status"], after["status"]) == ("active" if before["status"] == "active" else "breached", "met")
    assert known["agrees_with_record"] is None
    assert withdrawn(known) == withdrawn(before) < withdrawn(after)
    assert (await text(api, ticket, as_of=now, format="text")).text.splitlines()[0].startswith(f"{ticket['id']} is ")


def withdrawn(explained: dict[str, Any]) -> set[tuple[str, str, int]]:
    return {
        (target["type"], one["name"], one["generation"])
        for target in explained["targets"]
        for one in target["milestones"]
        if one["withdrawn_at"] is not None
    }


async def test_an_instant_at_which_nothing_was_known_or_that_lies_ahead_is_refused_by_name(api: Any) -> None:
    await api.policy()
    ticket = await api.ticket("conv_1", occurred_at=hours_ago(3))
    asked = ((hours_ago(1), 404), (hours_ago(-1), 422), ("yesterday", 422))
    for as_of, status in asked:
        answer = await api.get(f"/instances/{ticket['id']}/explain", as_of=as_of)
        assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (status, "as_of", as_of)


async def test_an_event_whose_record_the_store_lacks_is_missing_and_it_is_said(api: Any) -> None:
    ticket = await paused_ticket(api)
    await told(api, ticket)

    def lose(conn: sa.Connection) -> None:
        lost = instance_events.c.event_id == "pause"
        sequence = conn.scalar(sa.select(instance_events.c.sequence).where(lost))
        conn.execute(sa.delete(instance_events).where(lost))
        conn.execute(sa.delete(instance_records).where(instance_records.c.sequence == sequence))

    await api.dependencies.store.database.write(lose)
    found = await told(api, ticket)
    assert [one["event_id"] for one in found["events"]][1:] == ["resume"]
    assert (found["is_complete"], found["agrees_with_record"]) == (False, False)


async def test_an_instance_whose_opening_is_not_recorded_yet_is_explained_a_little_later(
    api: Any, empty_database: Path, tmp_path: Path
) -> None:
    await api.policy()
    await api.with_worker()
    ticket = await api.ticket("conv_1")
    empty = Store.open(f"sqlite:///{shutil.copy(empty_database, tmp_path / 'behind.db')}")
    api.stack.push_async_callback(empty.close)
    api.use(store=empty)
    answer = await api.get(f"/instances/{ticket['id']}/explain")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "2"


async def test_a_new_instance_is_explained_before_any_worker_has_seen_it(api: Any) -> None:
    await api.policy()
    ticket = await api.ticket("conv_1")
    found = await told(api, ticket)
    assert [one["kind"] for one in found["events"]] == ["opened"]
    assert found["status"] == "active"


ASKED: list[tuple[str, str | None, bool]] = [
    ("*/*", None, False),
    ("application/json", None, False),
    ("text/plain", None, True),
    ("text/plain, application/json;q=0.5", None, True),
    ("text/plain;q=0.5, application/json", None, False),
    ("text/html", None, False),
    ("application/json", "text", True),
    ("text/plain", "json", False),
]


async def test_text_is_for_those_who_prefer_it_or_ask_for_it(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    ticket = await api.ticket("conv_1")
    for accept, shape, is_text in ASKED:
        answer = await text(api, ticket, accept, **({} if shape is None else {"format": shape}))
        wanted = "text/plain; charset=utf-8" if is_text else "application/json"
        assert (answer.status_code, answer.headers["content-type"]) == (200, wanted), (accept, shape)
        assert answer.headers["vary"] == "Accept"
        assert answer.text.startswith("inst_sla_conversation_conv_1 is active at ") is is_text


async def test_the_text_is_what_the_core_makes_of_it(api: Any) -> None:
    ticket = await paused_ticket(api)
    lines = (await text(api, ticket, format="text")).text.splitlines()
    assert any("paused: customer 1 h" in line or "paused: customer 59 min" in line for line in lines)
    assert "      plan is gold does not hold: the ticket has basic" in lines


async def test_so_many_segments_are_shown_as_are_asked_for(api: Any) -> None:
    ticket = await paused_ticket(api)
    whole, short = await told(api, ticket), await told(api, ticket, segments=1)
    kinds = [one["kind"] for one in short["targets"][1]["segments"]]
    assert kinds == ["summary", "running"]
    assert len(whole["targets"][1]["segments"]) == 3


async def test_a_question_that_is_none_is_refused_by_name(api: Any) -> None:
    await api.policy()
    ticket = await api.ticket("conv_1")
    for params in ({"segments": 0}, {"segments": 5001}, {"format": "xml"}):
        answer = await api.get(f"/instances/{ticket['id']}/explain", **params)
        assert (answer.status_code, answer.json()["field"]) == (422, next(iter(params)))


async def test_an_instance_that_there_is_not_cannot_be_explained(api: Any) -> None:
    for instance_id in ("inst_sla_ticket_nobody", "nonsense"):
        answer = await api.get(f"/instances/{instance_id}/explain")
        assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (404, "instance_id", instance_id)


def test_the_example_of_the_description_is_an_explanation_of_this_engine() -> None:
    explained = explained_ticket()
    found = explanation_view(explained)
    assert {**found, "tzdata_version_used": "2026a"} == EXPLANATION
    assert explanation_text(explained) == TEXT
