"""`POST /events:batch`, and what is quiet: a first sync of a ticket system, as it is sent and as it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType

from domain.ids import workflow_id
from service.instances.signals import LARGEST_SIGNAL
from tests.api.conftest import UNHURRIED
from tests.support.clockwork import Mailbox, eventually
from worker import StoreProjection, build_worker
from workflows.messages import EVENTS
from workflows.signals import LARGEST_ATTRIBUTES

SIGNALED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
STARTED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED
KNOWN, FRESH = "inst_sla_ticket_A1", "inst_sla_ticket_B2"


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def of(ticket: str, type_: str, hours: float | None = None, /, **more: Any) -> dict[str, Any]:
    """An event of a ticket, so many hours ago."""
    return {"ticket_id": ticket, "type": type_, **({} if hours is None else {"occurred_at": ago(hours)}), **more}


def brought(hours: float) -> dict[str, Any]:
    return {"ticket": {"priority": "urgent", "occurred_at": ago(hours)}}


async def batch(api: Any, *events: Any, status: int = 200, **more: Any) -> dict[str, Any]:
    answer = await api.post("/events:batch", {"events": list(events), **more})
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def with_mailbox(api: Any) -> Mailbox:
    """A worker whose notices go there."""
    mailbox = Mailbox()
    worker = build_worker(api.temporal, StoreProjection(api.dependencies.store), [mailbox], task_queue=api.organization)
    await api.stack.enter_async_context(worker)
    api.use(timeouts=UNHURRIED)
    return mailbox


async def signals(api: Any, instance_id: str) -> list[tuple[str, Any]]:
    """Those that the instance was sent, by name and payload."""
    handle = api.temporal.get_workflow_handle(workflow_id(api.organization, instance_id))
    found = []
    for event in (await handle.fetch_history()).events:
        if event.event_type == SIGNALED:
            sent = event.workflow_execution_signaled_event_attributes
            found.append((sent.signal_name, (await api.temporal.data_converter.decode(sent.input.payloads))[0]))
    return found


async def kinds_of_history(api: Any, instance_id: str) -> list[Any]:
    """What the history of the instance begins with."""
    handle = api.temporal.get_workflow_handle(workflow_id(api.organization, instance_id))
    return [event.event_type for event in (await handle.fetch_history()).events[:2]]


async def steps(api: Any, instance_id: str) -> list[Any]:
    page = (await api.get(f"/instances/{instance_id}/events", limit=100)).json()
    return [step["link"] for step in page["data"]]


async def test_each_event_of_a_batch_is_answered_for_itself(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    await api.ticket(ticket_id="A1", conversation_id=None)
    answer = await batch(
        api,
        of("A1", "paused", event_id="a1", cause="customer"),
        of("B2", "opened", event_id="b1", ticket={"priority": "urgent"}),
        of("A1", "resumed", event_id="a2"),
        of("C3", "opened", event_id="c1", ticket={"priority": "low"}),
        of("D4", "acknowledged", event_id="d1"),
    )
    assert {name: answer[name] for name in ("applied", "accepted", "untracked", "refused")} == {
        "applied": 3,
        "accepted": 0,
        "untracked": 1,
        "refused": 1,
    }
    told = [(one["index"], one["event_id"], one["status"]) for one in answer["events"]]
    assert told == [
        (0, "a1", "applied"),
        (1, "b1", "applied"),
        (2, "a2", "applied"),
        (3, "c1", "untracked"),
        (4, "d1", "refused"),
    ]
    parts = [[(part["id"], part["status"]) for part in one["instances"]] for one in answer["events"]]
    assert parts == [[(KNOWN, "applied")], [(FRESH, "applied")], [(KNOWN, "applied")], [], []]
    problem = answer["events"][4]["problem"]
    assert (problem["status"], problem["code"], problem["field"]) == (404, "not_found", "events[4].ticket_id")


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"type": "closed"}, "type"),
        ({"type": "opened", "ticket_id": None}, "ticket_id"),
        ({"type": "updated", "ticket": {"priority": "low"}}, "fields"),
        ({"type": "paused", "occurred_at": "yesterday"}, "occurred_at"),
        ({"type": "paused", "occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
        ({"type": "opened", "ticket": {"kind": "ola"}}, "ticket.kind"),
        ({"type": "paused", "cause": 7}, "cause"),
        ({"type": "paused", "quiet": "yes"}, "quiet"),
        ({}, "type"),
        ([], ""),
        (None, ""),
    ],
)
async def test_a_bad_event_is_named_by_its_place_and_field_and_refuses_no_other(api: Any, bad: Any, field: str) -> None:
    await api.policy()
    await api.with_worker()
    event = {"ticket_id": "A1", **bad} if isinstance(bad, dict) else bad
    answer = await batch(api, of("A1", "opened", event_id="a1", ticket={"priority": "urgent"}), event)
    assert [one["status"] for one in answer["events"]] == ["applied", "refused"]
    problem = answer["events"][1]["problem"]
    assert (problem["status"], problem["field"]) == (422, f"events[1].{field}".rstrip("."))
    assert problem["detail"].startswith(problem["field"])
    assert problem["errors"][0]["field"] == problem["field"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "events"),
        ({"events": []}, "events"),
        ({"events": {}}, "events"),
        ({"events": [of("A1", "acknowledged")] * 1001}, "events"),
        ({"events": [of("A1", "acknowledged")], "quiet": "yes"}, "quiet"),
        ({"events": [of("A1", "acknowledged")], "silent": True}, "silent"),
    ],
)
async def test_a_batch_that_is_none_is_refused_whole(api: Any, body: dict[str, Any], field: str) -> None:
    answer = await api.post("/events:batch", body)
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text


async def test_what_is_put_right_within_a_batch_is_told_to_nobody_though_its_ticket_is_new(api: Any) -> None:
    await api.policy()
    mailbox = await with_mailbox(api)
    story = [of("A1", "paused", 4.9), of("A1", "resumed", 0.2), of("A1", "agent_replied", 0.1)]
    answer = await batch(api, *[{**event, **brought(5)} for event in story], of("A1", "resolved", 0.05))
    assert answer["applied"] == 4
    await api.ended(KNOWN)
    assert mailbox.notices == []
    assert await kinds_of_history(api, KNOWN) == [STARTED, SIGNALED]
    ((name, payload),) = await signals(api, KNOWN)
    assert (name, [event["type"] for event in payload["events"]]) == (
        EVENTS,
        ["pause", "resume", "agent_reply", "resolve"],
    )


@pytest.mark.parametrize("opening", [True, False])
async def test_in_whatever_order_they_stand_the_ticket_opens_with_its_opening_else_with_its_earliest_event(
    api: Any, opening: bool
) -> None:
    await api.policy()
    await api.with_worker()
    carried = {"ticket": {"priority": "urgent"}}
    events = [
        of("A1", "resumed", 1, **carried),
        of("A1", "paused", 3, **carried),
        *([of("A1", "opened", 2, event_id="o", **carried)] if opening else []),
        of("A1", "customer_replied", 4),
    ]
    assert (await batch(api, *events))["applied"] == len(events)
    shown = (await api.get(f"/instances/{KNOWN}")).json()
    away = datetime.now(UTC) - datetime.fromisoformat(shown["opened_at"])
    assert away.total_seconds() / 3600 == pytest.approx(2 if opening else 3, abs=0.01)


async def test_the_events_of_one_ticket_are_one_signal_and_one_step(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    for ticket in ("A1", "B2"):
        await api.ticket(ticket_id=ticket, conversation_id=None)
    kinds = ("customer_replied", "paused", "resumed", "agent_replied")
    events = [of(ticket, kinds[number % 4]) for number in range(40) for ticket in ("A1", "B2")]
    assert (await batch(api, *events))["applied"] == 80
    for instance in (KNOWN, FRESH):
        assert [name for name, _ in await signals(api, instance)] == [EVENTS]
        assert [len(step["events"]) for step in await steps(api, instance)] == [1, 40]


async def test_a_single_event_of_a_ticket_is_sent_as_it_always_was(api: Any) -> None:
    await api.policy()
    await api.ticket(ticket_id="A1", conversation_id=None)
    answer = await batch(api, of("A1", "paused", cause="customer", event_id="a1"), status=202)
    assert (answer["accepted"], answer["events"][0]["instances"]) == (
        1,
        [{"id": KNOWN, "kind": "sla", "status": "accepted"}],
    )
    ((name, payload),) = await signals(api, KNOWN)
    assert (name, payload["cause"], payload["event_id"]) == ("pause", "customer", "a1")


async def test_a_batch_that_is_sent_again_changes_nothing(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    events = [of("A1", "paused", 0.4, event_id="a1", **brought(0.45)), of("A1", "resumed", 0.3, event_id="a2")]
    first = await batch(api, *events)
    assert await batch(api, *events) == first
    doubled = await batch(api, *events, *events)
    assert doubled["applied"] == 4
    assert [len(step["events"]) for step in await steps(api, KNOWN)] == [1, 2]


async def test_under_an_idempotency_key_events_without_ids_count_once(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    body = {"events": [of("A1", "customer_replied", 0.4, **brought(0.45)), of("A1", "customer_replied", 0.4)]}
    headers = {"Idempotency-Key": "first-sync-1"}
    first = await api.post("/events:batch", body, headers=headers)
    again = await api.post("/events:batch", body, headers=headers)
    assert (first.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    ids = [one["event_id"] for one in first.json()["events"]]
    assert len(set(ids)) == 2
    assert [len(step["events"]) for step in await steps(api, KNOWN)] == [1, 2]


async def test_a_batch_reaches_every_instance_of_its_subjects(api: Any) -> None:
    await api.policy()
    targets = [{"type": "resolution", "hours": 2}]
    assert (await api.post("/ola/policies", {"name": "Second line", "targets": targets})).status_code == 201
    await api.with_worker()
    answer = await batch(api, of("A1", "assigned", 0.4, team_id="t1", **brought(0.45)), of("A1", "acknowledged", 0.3))
    kinds = [[part["kind"] for part in one["instances"]] for one in answer["events"]]
    assert (answer["applied"], kinds) == (2, [["sla", "ola"]] * 2)


async def test_an_event_that_cannot_be_planned_costs_no_other_of_its_ticket_its_effect(api: Any) -> None:
    """The clock would begin again today, and end in the next century."""
    targets = [{"type": "resolution", "priority": name, "hours": 75 * 8766} for name in ("urgent", "low")]
    await api.policy(conditions=[], targets=targets, on_change="restart")
    await api.with_worker()
    opened = {"ticket": {"priority": "urgent", "occurred_at": "1990-01-01T00:00:00Z"}}
    answer = await batch(
        api,
        of("A1", "customer_replied", 3, event_id="a1", **opened),
        of("A1", "updated", 2, event_id="a2", fields={"priority": "low"}),
        of("A1", "agent_replied", 1, event_id="a3"),
    )
    assert [one["status"] for one in answer["events"]] == ["applied", "refused", "applied"]
    assert answer["events"][1]["problem"]["field"] == "events[1].event_id"


async def test_what_one_signal_cannot_carry_follows_in_the_next_one(api: Any) -> None:
    await api.policy()
    await api.ticket(ticket_id="A1", conversation_id=None)
    large = {"text": "x" * (LARGEST_ATTRIBUTES - 100)}
    count = LARGEST_SIGNAL // LARGEST_ATTRIBUTES + 8
    answer = await batch(api, *[of("A1", "updated", fields=large) for _ in range(count)], status=202)
    assert answer["accepted"] == count
    sent = await signals(api, KNOWN)
    assert [name for name, _ in sent] == [EVENTS] * 2
    assert sum(len(payload["events"]) for _, payload in sent) == count


async def test_without_temporal_a_batch_is_503_and_sent_again_it_completes(api: Any) -> None:
    await api.policy()
    events = [of("A1", "acknowledged", 0.4, event_id="a1", **brought(0.45)), {"type": "closed", "ticket_id": "A1"}]
    await api.lose_temporal()
    answer = await api.post("/events:batch", {"events": events})
    assert (answer.status_code, answer.json()["code"]) == (503, "temporal_unavailable")
    api.find_everything()
    await api.with_worker()
    done = await batch(api, *events)
    assert (done["applied"], done["refused"]) == (1, 1)


# Quiet


async def milestones(api: Any, instance_id: str = KNOWN) -> dict[str, tuple[bool, bool]]:
    """Of the first response: whether each that has fired was skipped, and whether for quiet's sake."""
    explained = (await api.get(f"/instances/{instance_id}/explain")).json()
    (target,) = (one for one in explained["targets"] if one["type"] == "first_response")
    fired = [one for one in target["milestones"] if one["fired_at"] is not None]
    return {one["name"]: (one.get("skipped", False), one.get("quiet", False)) for one in fired}


async def fired(api: Any, count: int, instance_id: str = KNOWN) -> dict[str, tuple[bool, bool]]:
    found: dict[str, tuple[bool, bool]] = await eventually(
        lambda: milestones(api, instance_id), lambda found: len(found) == count
    )
    return found


@pytest.mark.parametrize("way", ["POST /instances", "an event", "an opening", "a batch", "an event of a batch"])
async def test_nobody_is_told_of_the_past_of_a_ticket_that_is_opened_quietly(api: Any, way: str) -> None:
    await api.policy(conditions=[], targets=[{"type": "first_response", "hours": 1}])
    mailbox = await with_mailbox(api)
    event = of("A1", "paused", 0.5, **brought(5))
    sent = {
        "POST /instances": ("/instances", {"ticket_id": "A1", "occurred_at": ago(5), "quiet": True}),
        "an event": ("/events", {**event, "quiet": True}),
        "an opening": ("/events", {**of("A1", "opened", quiet=True), **brought(5)}),
        "a batch": ("/events:batch", {"events": [event], "quiet": True}),
        "an event of a batch": ("/events:batch", {"events": [{**event, "quiet": True}]}),
    }
    answer = await api.post(*sent[way])
    assert answer.status_code in (200, 201), answer.text
    assert await fired(api, 3) == dict.fromkeys(("halfway", "at_risk", "breached"), (True, True))
    await api.post(f"/instances/{KNOWN}/resolve")
    await api.ended(KNOWN)
    assert mailbox.notices == []
    assert (await api.get(f"/instances/{KNOWN}")).json()["status"] == "breached"
    text = (await api.get(f"/instances/{KNOWN}/explain", format="text")).text
    assert "not told: quiet" in text or "quiet" in text


async def test_a_quiet_command_takes_back_aloud_what_was_told_aloud(api: Any) -> None:
    await api.policy(conditions=[], targets=[{"type": "first_response", "hours": 1}])
    mailbox = await with_mailbox(api)
    opened = await api.post("/instances", {"ticket_id": "A1", "occurred_at": ago(0.6)})
    assert opened.status_code == 201
    assert await fired(api, 1) == {"halfway": (False, False)}
    answer = await api.post(f"/instances/{KNOWN}/acknowledge", {"occurred_at": ago(0.55), "quiet": True})
    assert answer.status_code == 200, answer.text
    await api.ended(KNOWN)
    assert [notice["type"].partition(".")[2] for notice in mailbox.notices] == ["halfway", "withdrawn"]


async def test_tickets_from_before_the_organization_was_set_up_are_opened_quietly(api: Any) -> None:
    await api.policy(conditions=[], targets=[{"type": "first_response", "hours": 1}])
    mailbox = await with_mailbox(api)
    set_up = await api.http.patch("/api/v2/sla/organization", json={"quiet_before": ago(2)})
    assert set_up.status_code == 200, set_up.text
    assert set_up.json()["quiet_before"] is not None
    assert (await api.post("/instances", {"ticket_id": "A1", "occurred_at": ago(3)})).status_code == 201
    await api.post("/events", {**of("B2", "acknowledged", 0.1), **brought(1.6)})
    assert await fired(api, 3) == dict.fromkeys(("halfway", "at_risk", "breached"), (True, True))
    await eventually(lambda: fired(api, 3, FRESH))
    assert {notice["subject"] for notice in mailbox.notices} == {FRESH}
    ended = await api.http.patch("/api/v2/sla/organization", json={"quiet_before": None})
    assert ended.json()["quiet_before"] is None
    wrong = await api.http.patch("/api/v2/sla/organization", json={"quiet_before": "soon"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "quiet_before")


async def test_a_scrubbe_ticket_from_before_the_organization_was_set_up_is_opened_quietly(api: Any) -> None:
    await api.http.patch("/api/v2/sla/organization", json={"quiet_before": ago(-24)})
    terms = {"name": "Late", "priority": "LOW", "responseTimeMinutes": 1, "resolveTimeMinutes": 2}
    assert (await api.http.post("/api/v1/sla-policies", json=terms)).status_code == 201
    assert (await api.http.put("/api/v1/ims/config", json={"slaEnabled": True})).status_code == 200
    ticket = (await api.http.post("/api/v1/tickets", json={"title": "x", "priority": "LOW", "status": "OPEN"})).json()
    loaded = await api.dependencies.store.instances.load(api.organization, ticket["instanceId"])
    assert [(event.kind, event.quiet) for event in loaded.events] == [("opened", True)]
