"""Replans over the API, on a real Temporal server: preview, apply, undo."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from service.instances.commands import send
from service.replans import replans
from service.tools.timeouts import Timeouts
from store.schema.tables import replan_instances
from store.schema.tables import replans as replans_table
from tests.support.clockwork import eventually

ID = "inst_sla_ticket_1"
STORM = {"from": "2026-03-02T13:00:00Z", "to": "2026-03-02T18:00:00Z", "reason": "storm"}


@pytest.fixture
async def desk(api: Any) -> Any:
    """Office hours; six hours to resolve; ticket 1 opened at nine and was resolved at four, an hour late."""
    api.hours = (await api.get("/business-hours")).json()["data"][0]["id"]
    api.policy_id = (
        await api.policy(conditions=[], targets=[{"type": "resolution", "hours": 6}], business_hours=True)
    )["id"]
    await api.with_worker()
    await told(api, "1", "opened", "2026-03-02T09:00:00Z")
    await told(api, "1", "resolved", "2026-03-02T16:00:00Z")
    await api.ended(ID)
    return api


async def told(api: Any, ticket: str, type_: str, when: str, /, **body: Any) -> None:
    event = {"type": type_, "ticket_id": ticket, "ticket": {}, "occurred_at": when, **body}
    answer = await api.post("/events", event)
    assert answer.status_code == 200, answer.text


async def recorded(api: Any, ticket: str, status: str) -> dict[str, Any]:
    async def ask() -> Any:
        return await api.dependencies.store.instances.get(api.organization, f"inst_sla_ticket_{ticket}")

    await eventually(ask, lambda stored: stored is not None and stored.status.value == status)
    shown: dict[str, Any] = (await api.get(f"/instances/inst_sla_ticket_{ticket}")).json()
    return shown


async def firings(api: Any) -> list[tuple[str, bool]]:
    record = (await api.get(f"/instances/{ID}/events", limit=100)).json()["data"]
    return [(f["milestone"], f["withdrawn_at"] is not None) for step in record for f in step["link"]["firings"]]


def storm(api: Any, **changes: Any) -> dict[str, Any]:
    return {"closure": {"business_hours_id": api.hours, **STORM, **changes}}


async def test_a_preview_lists_what_would_move_and_changes_nothing(desk: Any) -> None:
    answer = await desk.post("/replan:preview", storm(desk))
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    assert (seen["checked"], seen["moved"], seen["would_breach"], seen["saved"]) == (1, 1, 0, 1)
    (instance,) = seen["instances"]
    assert instance["instance_id"] == ID
    (move,) = instance["targets"]
    assert (move["due_from"], move["due_to"]) == ("2026-03-02T15:00:00Z", "2026-03-03T11:00:00Z")
    assert (move["type"], move["cycle"], move["breach"]) == ("resolution", 1, "saved")
    assert (await desk.get(f"/business-hours/{desk.hours}")).json()["version"] == 1
    assert (await desk.get("/replans")).json()["total"] == 0
    assert (await desk.get(f"/instances/{ID}")).json()["status"] == "breached"


async def test_a_closure_after_the_fact_withdraws_what_it_excuses_and_undoing_it_brings_it_back(desk: Any) -> None:
    previewed = (await desk.post("/replan:preview", storm(desk))).json()
    applied = await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})
    assert applied.status_code == 200, applied.text
    assert (applied.json()["instances"], applied.json()["pending"], applied.json()["reason"]) == (1, 0, "storm")
    seen = await recorded(desk, "1", "met")
    assert seen["targets"]["resolution"]["due_at"] == "2026-03-03T11:00:00Z"
    await eventually(partial(firings, desk), lambda found: ("breached", True) in found)
    kept = (await desk.get("/replans/replan_storm")).json()
    assert kept["instances"] == previewed["instances"]
    hours = (await desk.get(f"/business-hours/{desk.hours}")).json()
    assert (hours["version"], hours["holidays"][0]["name"]) == (2, "storm")
    summary = await in_analytics(desk, "met")
    assert (summary["met"], summary["breached"]) == (1, 0)
    explained = await desk.get(f"/instances/{ID}/explain")
    assert "storm" in explained.text

    undone = await desk.post("/replan:undo", {"replan_id": "replan_storm"})
    assert undone.status_code == 200, undone.text
    assert undone.json()["undone_at"] is not None
    seen = await recorded(desk, "1", "breached")
    assert seen["targets"]["resolution"]["breached_at"] == "2026-03-02T15:00:00Z"
    hours = (await desk.get(f"/business-hours/{desk.hours}")).json()
    assert (hours["version"], hours["holidays"]) == (3, [])
    again = await desk.post("/replan:undo", {"replan_id": "replan_storm"})
    assert (again.status_code, again.json()["pending"]) == (200, 0)
    refused = await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})
    assert (refused.status_code, refused.json()["value"]) == (409, "replan_storm")


async def in_analytics(api: Any, outcome: str) -> dict[str, Any]:
    async def ask() -> Any:
        asked = {"start_date": "2026-03-02", "end_date": "2026-03-03"}
        return (await api.get("/analytics/summary", **asked)).json()["by_target_type"]

    rows = await eventually(ask, lambda rows: bool(rows) and rows[0][outcome] == 1)
    found: dict[str, Any] = rows[0]
    return found


async def test_the_same_request_under_the_same_id_changes_nothing_twice(desk: Any) -> None:
    first = await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})
    await desk.ended(ID)
    before = await firings(desk)
    second = await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})
    assert (second.status_code, second.json()["applied_at"]) == (200, first.json()["applied_at"])
    assert await firings(desk) == before
    assert (await desk.get(f"/business-hours/{desk.hours}")).json()["version"] == 2
    other = await desk.post("/replan:apply", {**storm(desk, reason="flood"), "id": "replan_storm"})
    assert other.status_code == 409


async def test_a_replan_that_was_cut_off_goes_on_where_it_was_left(desk: Any, tmp_path: Any) -> None:
    """Temporal is away when the instances are to be told."""
    await desk.lose_temporal()
    cut = await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})
    assert cut.status_code == 503
    desk.find_everything()
    assert (await desk.get(f"/instances/{ID}")).json()["status"] == "breached"
    done = await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})
    assert (done.status_code, done.json()["instances"], done.json()["pending"]) == (200, 1, 0)
    await recorded(desk, "1", "met")


async def test_the_same_request_again_brings_no_edit_that_was_made_since(desk: Any) -> None:
    """Nor does it reach an instance that was opened since."""
    await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})
    await recorded(desk, "1", "met")
    await told(desk, "2", "opened", "2026-03-02T09:00:00Z")
    await recorded(desk, "2", "breached")
    week = {"weekly_hours": {"tue": [["09:00", "10:00"]]}}
    assert (await desk.http.patch(f"/api/v2/sla/business-hours/{desk.hours}", json=week)).status_code == 200
    again = await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})
    assert (again.status_code, again.json()["instances"], again.json()["applied"]) == (200, 1, 1)
    assert (await desk.get(f"/instances/{ID}")).json()["targets"]["resolution"]["due_at"] == "2026-03-03T11:00:00Z"
    assert (await replan_events(desk, "1"), await replan_events(desk, "2")) == (["replan/replan_storm"], [])


async def test_a_replan_that_was_cut_off_goes_on_with_the_rules_it_began_with(desk: Any) -> None:
    await desk.lose_temporal()
    assert (await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})).status_code == 503
    desk.find_everything()
    week = {"weekly_hours": {"tue": [["09:00", "10:00"]]}}
    await desk.http.patch(f"/api/v2/sla/business-hours/{desk.hours}", json=week)
    done = await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})
    assert (done.status_code, done.json()["applied"]) == (200, 1)
    seen = await recorded(desk, "1", "met")
    assert seen["targets"]["resolution"]["due_at"] == "2026-03-03T11:00:00Z"


async def test_one_request_sent_eight_times_at_once_is_one_replan(desk: Any) -> None:
    answers = await asyncio.gather(
        *(desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"}) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} <= {200, 202}, [answer.text for answer in answers]
    assert len({answer.json()["applied_at"] for answer in answers}) == 1
    assert (await desk.get("/replans")).json()["total"] == 1
    assert (await desk.get(f"/business-hours/{desk.hours}")).json()["version"] == 2
    await recorded(desk, "1", "met")
    assert await replan_events(desk, "1") == ["replan/replan_storm"]


async def test_an_undo_while_a_replan_is_being_applied_wins(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two instances the first is about to be told when the undo comes; the message arrives after that."""
    await told(desk, "2", "opened", "2026-03-02T09:00:00Z")
    await recorded(desk, "2", "breached")
    about_to, undone = asyncio.Event(), asyncio.Event()

    async def late(*arguments: Any) -> None:
        if not about_to.is_set():
            about_to.set()
            await undone.wait()
        await send(*arguments)

    monkeypatch.setattr("service.replans.messages.send", late)
    monkeypatch.setattr("service.replans.messages.AT_ONCE", 1)
    applying = asyncio.create_task(desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"}))
    await about_to.wait()
    answer = await desk.post("/replan:undo", {"replan_id": "replan_storm"})
    assert (answer.status_code, answer.json()["instances"], answer.json()["applied"]) == (200, 1, 1), answer.text
    undone.set()
    assert (await applying).status_code == 409
    seen = await recorded(desk, "1", "breached")
    assert seen["targets"]["resolution"]["due_at"] == "2026-03-02T15:00:00Z"
    assert await replan_events(desk, "1") == ["replan/replan_storm", "replan/replan_storm/undo"]
    assert await replan_events(desk, "2") == []


async def test_what_was_never_told_is_not_undone(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await told(desk, "2", "opened", "2026-03-02T09:00:00Z")
    await recorded(desk, "2", "breached")
    monkeypatch.setattr("service.replans.messages.AT_ONCE", 1)
    await desk.lose_temporal()
    assert (await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})).status_code == 503
    desk.find_everything()
    undone = await desk.post("/replan:undo", {"replan_id": "replan_storm"})
    assert (undone.status_code, undone.json()["instances"]) == (200, 1)
    assert await replan_events(desk, "2") == []


async def replan_events(api: Any, ticket: str) -> list[str]:
    """In the order in which the instance received them."""
    steps = (await api.get(f"/instances/inst_sla_ticket_{ticket}/events", limit=100)).json()["data"]
    events = [event for step in steps for event in step["link"]["events"] if event["kind"] == "replanned"]
    return [event["event_id"] for event in sorted(events, key=lambda event: str(event["received_at"]))]


async def test_editing_a_policy_moves_nothing_until_it_is_replanned(desk: Any) -> None:
    await told(desk, "2", "opened", "2026-03-02T09:00:00Z")
    changed = {"targets": [{"type": "resolution", "hours": 9000}]}
    await desk.http.patch(f"/api/v2/sla/policies/{desk.policy_id}", json=changed)
    assert (await recorded(desk, "2", "breached"))["policy_version"] == 1
    previewed = (await desk.post("/replan:preview", {"policy_id": desk.policy_id})).json()
    assert [(one["instance_id"], one["targets"][0]["breach"]) for one in previewed["instances"]] == [
        ("inst_sla_ticket_2", "saved")
    ]
    applied = await desk.post("/replan:apply", {"policy_id": desk.policy_id, "reason": "agreed with the customer"})
    assert applied.status_code == 200, applied.text
    seen = await recorded(desk, "2", "active")
    assert seen["policy_version"] == 2
    assert (await desk.get(f"/instances/{ID}")).json()["policy_version"] == 1


async def test_of_breaches_that_a_quiet_replan_brings_nobody_is_told(desk: Any) -> None:
    async def promise(hours: int) -> None:
        changed = {"targets": [{"type": "resolution", "hours": hours}]}
        edited = await desk.http.patch(f"/api/v2/sla/policies/{desk.policy_id}", json=changed)
        assert edited.status_code == 200, edited.text

    await promise(9000)
    await told(desk, "2", "opened", "2026-03-02T09:00:00Z")
    await promise(4)
    asked = {"policy_id": desk.policy_id, "instance_ids": ["inst_sla_ticket_2"], "id": "replan_quiet", "quiet": True}
    applied = await desk.post("/replan:apply", asked)
    assert (applied.status_code, applied.json()["pending"]) == (200, 0), applied.text
    await recorded(desk, "2", "breached")

    async def fired() -> Any:
        steps = (await desk.get("/instances/inst_sla_ticket_2/events", limit=100)).json()["data"]
        firings = [one for step in steps for one in step["link"]["firings"] if one["withdrawn_at"] is None]
        return {one["milestone"]: one.get("skipped", False) for one in firings}, steps

    found, steps = await eventually(fired, lambda answer: "breached" in answer[0])
    assert found["breached"] is True
    assert not any("breached" in notice for step in steps for notice in step["link"]["notices"])


async def test_editing_business_hours_moves_nothing_until_it_is_replanned(desk: Any) -> None:
    await told(desk, "2", "opened", "2026-03-02T09:00:00Z")
    week = {"mon": [["09:00", "10:00"]]}
    await desk.http.patch(f"/api/v2/sla/business-hours/{desk.hours}", json={"weekly_hours": week})
    before = (await recorded(desk, "2", "breached"))["targets"]["resolution"]["breached_at"]
    assert before == "2026-03-02T15:00:00Z"
    asked = {"business_hours_id": desk.hours, "instance_ids": ["inst_sla_ticket_2"]}
    (moved,) = (await desk.post("/replan:preview", asked)).json()["instances"]
    assert (moved["targets"][0]["due_to"], moved["targets"][0]["breach"]) == ("2026-04-06T10:00:00Z", "stays")


async def test_a_replan_is_undone_before_an_earlier_one_of_the_same_instance(desk: Any) -> None:
    await desk.post("/replan:apply", {**storm(desk), "id": "replan_first"})
    later = storm(desk, **{"from": "2026-03-02T09:00:00Z", "to": "2026-03-02T12:00:00Z", "reason": "fire"})
    await recorded(desk, "1", "met")
    assert (await desk.post("/replan:apply", {**later, "id": "replan_second"})).json()["instances"] == 1
    refused = await desk.post("/replan:undo", {"replan_id": "replan_first"})
    assert (refused.status_code, ID in refused.json()["detail"]) == (409, True)
    assert (await desk.post("/replan:undo", {"replan_id": "replan_second"})).status_code == 200
    assert (await desk.post("/replan:undo", {"replan_id": "replan_first"})).status_code == 200
    await recorded(desk, "1", "breached")


async def closed_twice(api: Any, **of_the_first: Any) -> None:
    await api.post("/replan:apply", {**storm(api), "id": "replan_first", **of_the_first})
    await recorded(api, "1", "met")
    later = storm(api, **{"from": "2026-03-02T09:00:00Z", "to": "2026-03-02T12:00:00Z", "reason": "fire"})
    assert (await api.post("/replan:apply", {**later, "id": "replan_second"})).status_code == 200


async def undone(api: Any, replan_id: str) -> list[str]:
    """Which holidays the business hours have then."""
    answer = await api.post("/replan:undo", {"replan_id": replan_id})
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in (await api.get(f"/business-hours/{api.hours}")).json()["holidays"]]


async def test_closures_that_are_all_undone_leave_nothing_in_the_business_hours(desk: Any) -> None:
    await closed_twice(desk)
    assert await undone(desk, "replan_second") == ["storm"]
    assert await undone(desk, "replan_first") == []
    await recorded(desk, "1", "breached")


async def test_undoing_a_closure_leaves_what_else_was_changed_in_the_business_hours(desk: Any) -> None:
    await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})
    hours = (await desk.get(f"/business-hours/{desk.hours}")).json()
    edited = {"holidays": [*hours["holidays"], {"date": "2026-12-25", "name": "Christmas"}]}
    await desk.http.patch(f"/api/v2/sla/business-hours/{desk.hours}", json=edited)
    assert await undone(desk, "replan_storm") == ["Christmas"]


async def test_a_closure_is_undone_when_its_business_hours_have_been_deleted(desk: Any) -> None:
    week = {"mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]]}
    hours = (await desk.post("/business-hours", {"name": "Lab", "timezone": "UTC", "weekly_hours": week})).json()["id"]
    policy = await desk.policy(
        conditions=[{"field": "priority", "operator": "eq", "value": "lab"}],
        targets=[{"type": "resolution", "hours": 6}],
        business_hours=True,
        business_hours_id=hours,
    )
    order = [policy["id"], desk.policy_id]
    assert (await desk.post("/policies/reorder", {"policy_ids": order})).status_code == 200
    await told(desk, "2", "opened", "2026-03-02T09:00:00Z", ticket={"priority": "lab"})
    others, desk.hours = desk.hours, hours
    applied = await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})
    assert (applied.status_code, applied.json()["applied"]) == (200, 1), applied.text
    elsewhere = {"business_hours_id": others}
    assert (await desk.http.patch(f"/api/v2/sla/policies/{policy['id']}", json=elsewhere)).status_code == 200
    assert (await desk.http.delete(f"/api/v2/sla/business-hours/{hours}")).is_success
    answer = await desk.post("/replan:undo", {"replan_id": "replan_storm"})
    assert (answer.status_code, answer.json()["applied"]) == (200, 1), answer.text
    seen = (await desk.get("/instances/inst_sla_ticket_2")).json()
    assert seen["targets"]["resolution"]["due_at"] == "2026-03-02T15:00:00Z"
    assert (await desk.get(f"/business-hours/{hours}")).status_code == 404


async def test_an_instance_that_cannot_be_planned_is_named_and_the_others_move(desk: Any) -> None:
    """A promise that ends just before the last working time there is."""
    far = {"priority": "far", "hours": 155_900}
    changed = {"targets": [{"type": "resolution", **far}, {"type": "resolution", "hours": 6}]}
    await desk.http.patch(f"/api/v2/sla/policies/{desk.policy_id}", json=changed)
    await told(desk, "2", "opened", "2026-03-02T09:00:00Z", ticket={"priority": "far"})
    year = storm(desk, to="2027-03-02T18:00:00Z")
    previewed = (await desk.post("/replan:preview", year)).json()
    assert (previewed["checked"], previewed["moved"]) == (2, 1)
    (refused,) = previewed["refused"]
    assert (refused["instance_id"], bool(refused["reason"])) == ("inst_sla_ticket_2", True)
    applied = await desk.post("/replan:apply", {**year, "id": "replan_storm"})
    assert (applied.status_code, applied.json()["applied"], applied.json()["refused"]) == (200, 1, [refused])
    await recorded(desk, "1", "met")
    assert await replan_events(desk, "2") == []
    kept = (await desk.get("/replans/replan_storm")).json()
    assert ([one["instance_id"] for one in kept["instances"]], kept["refused"]) == ([ID], [refused])
    undone = await desk.post("/replan:undo", {"replan_id": "replan_storm"})
    assert (undone.status_code, undone.json()["instances"], undone.json()["refused"]) == (200, 1, [])


async def test_an_instance_that_sets_a_replan_aside_is_refused_and_not_pending(desk: Any) -> None:
    await desk.lose_temporal()
    assert (await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})).status_code == 503
    desk.find_everything()
    await desk.dependencies.store.database.write(
        lambda conn: conn.execute(sa.update(replan_instances).values(rules_after={"policy": "none"}))
    )
    for _ in range(2):
        done = await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})
        (refused,) = done.json()["refused"]
        assert (done.status_code, done.json()["pending"], refused["instance_id"]) == (200, 0, ID)
        assert "policy" in refused["reason"]
    fire = storm(desk, reason="fire", **{"from": "2026-03-02T12:00:00Z"})
    assert (await desk.post("/replan:apply", fire)).json()["applied"] == 1


async def test_a_replan_waits_until_the_instances_have_answered_an_earlier_one(api: Any) -> None:
    """No worker runs: what the instances are measured by now is not known to anybody."""
    api.hours = (await api.get("/business-hours")).json()["data"][0]["id"]
    policy = await api.policy(conditions=[], targets=[{"type": "resolution", "hours": 6}], business_hours=True)
    assert (await api.post("/instances", {"ticket_id": "1", "occurred_at": "2026-03-02T09:00:00Z"})).status_code == 201
    api.use(timeouts=Timeouts(replanned=0.2))
    assert (await api.post("/replan:apply", {**storm(api), "id": "replan_storm"})).status_code == 202
    await api.http.patch(f"/api/v2/sla/policies/{policy['id']}", json={"targets": [{"type": "resolution", "hours": 5}]})
    other = {"id": "replan_policy", "policy_id": policy["id"]}
    refused = await api.post("/replan:apply", other)
    assert (refused.status_code, refused.json()["value"]) == (409, "replan_storm"), refused.text
    assert "1 of the instances" in refused.json()["detail"]
    assert (await api.get("/replans/replan_policy")).status_code == 404
    await api.with_worker()
    assert (await api.post("/replan:apply", other)).status_code == 200

    async def ask() -> Any:
        return (await api.get(f"/instances/{ID}")).json()

    await eventually(ask, lambda one: one["targets"]["resolution"]["due_at"] == "2026-03-03T10:00:00Z")
    assert await replan_events(api, "1") == ["replan/replan_storm", "replan/replan_policy"]


async def test_a_replan_is_planned_anew_when_another_has_changed_the_instances_meanwhile(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However little patience there is."""
    compare, planned, go_on = replans._compare, threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        compared = compare(*arguments)
        if not planned.is_set():
            planned.set()
            go_on.wait(30)
        return compared

    monkeypatch.setattr(replans, "_compare", slow)
    patch = {"targets": [{"type": "resolution", "hours": 5}]}
    await told(desk, "2", "opened", "2026-03-02T09:00:00Z")
    await recorded(desk, "2", "breached")
    await desk.http.patch(f"/api/v2/sla/policies/{desk.policy_id}", json=patch)
    desk.use(timeouts=Timeouts(replanned=0))
    second = asyncio.create_task(desk.post("/replan:apply", {"policy_id": desk.policy_id}))
    await asyncio.to_thread(planned.wait, 30)
    await desk.post("/replan:apply", {**storm(desk), "id": "replan_storm"})

    async def received() -> Any:
        return await replan_events(desk, "2")

    await eventually(received, lambda events: events == ["replan/replan_storm"])
    go_on.set()
    assert (await second).status_code in (200, 202)

    async def due() -> Any:
        return (await desk.get("/instances/inst_sla_ticket_2")).json()["targets"]["resolution"]["due_at"]

    await eventually(due, lambda due: due == "2026-03-03T10:00:00Z")


async def test_a_newer_time_zone_database_reaches_an_instance_by_a_replan(desk: Any) -> None:
    desk.use(tzdata_version="2099z")
    asked = {"time_zone_database": True}
    assert (await desk.post("/replan:preview", asked)).json()["moved"] == 0
    applied = await desk.post("/replan:apply", asked)
    assert (applied.status_code, applied.json()["instances"]) == (200, 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": "2026-03-02T12:00:00Z"}, "closure.to"),
        ({"from": "yesterday"}, "closure.from"),
        ({"from": "2026-03-02T13:00:00.5Z"}, "closure.from"),
        ({"to": "2029-03-02T12:00:00Z"}, "closure.to"),
        ({"reason": "  "}, "closure.reason"),
    ],
)
async def test_a_closure_that_cannot_be_is_refused_by_name(api: Any, changes: dict[str, Any], field: str) -> None:
    api.hours = "bh_default"
    answer = await api.post("/replan:preview", storm(api, **changes))
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text


async def test_hours_around_the_clock_cannot_be_closed_and_are_named(api: Any) -> None:
    created = await api.post("/business-hours", {"name": "Always", "always": True})
    api.hours = created.json()["id"]
    answer = await api.post("/replan:preview", storm(api))
    named = (answer.status_code, answer.json()["field"], answer.json()["value"])
    assert named == (422, "closure.business_hours_id", api.hours), answer.text


async def test_rules_that_are_not_there_are_named(api: Any) -> None:
    for asked, status, field in (
        ({}, 422, "policy_id"),
        ({"policy_id": "sla_none"}, 404, "policy_id"),
        ({"business_hours_id": "bh_none"}, 404, "business_hours_id"),
        ({"time_zone_database": True, "instance_ids": ["inst_sla_ticket_typo"]}, 422, "instance_ids"),
    ):
        answer = await api.post("/replan:preview", asked)
        assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
    assert (await api.post("/replan:undo", {"replan_id": "replan_none"})).status_code == 404
    assert (await api.get("/replans/replan_none")).status_code == 404


async def test_without_a_worker_a_replan_is_durable_and_says_that_nobody_has_seen_it(api: Any) -> None:
    hours = (await api.get("/business-hours")).json()["data"][0]["id"]
    await api.policy(conditions=[], targets=[{"type": "resolution", "hours": 6}], business_hours=True)
    assert (await api.post("/instances", {"ticket_id": "1", "occurred_at": "2026-03-02T09:00:00Z"})).status_code == 201
    api.hours = hours
    answer = await api.post("/replan:apply", storm(api))
    assert (answer.status_code, answer.json()["pending"]) == (202, 1), answer.text
    await api.with_worker()

    async def ask() -> Any:
        return (await api.get(f"/instances/{ID}")).json()

    seen = await eventually(ask, lambda one: one["targets"]["resolution"]["due_at"] == "2026-03-03T11:00:00Z")
    assert seen["targets"]["resolution"]["breached_at"] == "2026-03-03T11:00:00Z"


async def test_replans_are_read_on_by_cursor_and_exported_newest_first(api: Any) -> None:
    def row(number: int) -> dict[str, Any]:
        at = datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(minutes=number // 2)
        request = {"policy_id": f"sla_{number}"}
        return {
            "organization": api.organization, "id": f"r{number}", "request": request, "reason": "=1+1", "actor": "ann",
            "applied_at": at,
        }  # fmt: skip

    rows = [row(number) for number in range(5)]
    await api.dependencies.store.database.write(lambda conn: conn.execute(sa.insert(replans_table), rows))
    newest_first = ["r4", "r2", "r3", "r0", "r1"]
    read: list[Any] = []
    cursor: dict[str, Any] = {}
    for _ in range(3):
        page = (await api.get("/replans", limit=2, **cursor)).json()
        read += [one["id"] for one in page["data"]]
        cursor = {"cursor": page["next_cursor"]}
    assert (read, page["total"], cursor["cursor"]) == (newest_first, 5, None)
    table = await api.http.get("/api/v2/sla/replans", headers={"Accept": "text/csv"})
    shown = list(csv.DictReader(io.StringIO(table.text)))
    assert [one["id"] for one in shown] == newest_first
    assert (shown[0]["reason"], shown[0]["asked"]) == ("'=1+1", '{"policy_id": "sla_4"}')
    lines = await api.http.get("/api/v2/sla/replans?limit=1", headers={"Accept": "application/x-ndjson"})
    assert [json.loads(line)["id"] for line in lines.text.splitlines()] == ["r4"]
