"""A start is one call: what was put right before is never told; and what has lost its workflow is started again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.ids import workflow_id
from domain.plan.planning import plan
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from service.temporal.engine import provider
from tests.api.conftest import UNHURRIED
from tests.support.clockwork import Mailbox, eventually
from tests.support.ports import free_port
from tests.support.servers import answers
from worker import StoreProjection, build_worker
from workflows.visibility import ATTRIBUTES, NEXT_DUE, POLICY, PRIORITY, STATUS

STARTED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED
SIGNALED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
ID = "inst_sla_ticket_A1"
A1 = {"ticket_id": "A1", "priority": "normal"}


def hours_ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


async def with_mailbox(api: Any) -> Mailbox:
    """A worker whose notices go there."""
    mailbox, projection = Mailbox(), StoreProjection(api.dependencies.store)
    worker = build_worker(api.temporal, projection, [mailbox], task_queue=api.organization)
    await api.stack.enter_async_context(worker)
    api.use(timeouts=UNHURRIED)
    return mailbox


def handle(api: Any, client: Client | None = None) -> Any:
    return (client or api.temporal).get_workflow_handle(workflow_id(api.organization, ID))


async def history(api: Any) -> list[Any]:
    return list((await handle(api).fetch_history()).events)


async def start_input(api: Any, client: Client | None = None) -> Any:
    first = (await handle(api, client).fetch_history()).events[0]
    payloads = first.workflow_execution_started_event_attributes.input.payloads
    return (await api.temporal.data_converter.decode(list(payloads)))[0]


def replied(minutes: float, **more: Any) -> dict[str, Any]:
    """An answer so long after the ticket, which is five hours old, and came along with it."""
    ticket = {"priority": "normal", "occurred_at": hours_ago(5)}
    return {"ticket_id": "A1", "occurred_at": hours_ago(5 - minutes / 60), "ticket": ticket, **more}


@pytest.mark.parametrize(
    ("minutes", "told"), [(10, []), (50, ["halfway", "at_risk"]), (70, ["breached", "halfway", "at_risk"])]
)
async def test_an_event_that_brings_its_ticket_tells_nobody_what_was_put_right_before(
    api: Any, minutes: float, told: list[str]
) -> None:
    await api.policy(conditions=[], targets=[{"type": "first_response", "hours": 1}])
    mailbox = await with_mailbox(api)
    answer = await api.post("/events", {"type": "agent_replied", **replied(minutes)})
    assert (answer.status_code, answer.json()["status"]) == (200, "applied"), answer.text
    target = answer.json()["instances"][0]["instance"]["targets"]["first_response"]
    assert (target["met"], target["elapsed_seconds"]) == (minutes < 60, pytest.approx(minutes * 60, abs=5))
    await api.ended(ID)
    assert [notice["type"].partition(".")[2] for notice in mailbox.notices] == told
    assert [notice["data"]["withdraws"] for notice in mailbox.notices] == [None] * len(told)
    steps = (await api.get(f"/instances/{ID}/events", limit=100)).json()["data"]
    fired = [firing["milestone"] for step in steps for firing in step["link"]["firings"]]
    assert sorted(set(fired)) == sorted(told)


async def test_a_ticket_and_the_event_that_brings_it_reach_temporal_in_one_call(api: Any) -> None:
    await api.policy(conditions=[], targets=[{"type": "first_response", "hours": 1}])
    answer = await api.post("/events", {"type": "agent_replied", **replied(10, event_id="zd-7")})
    (part,) = answer.json()["instances"]
    assert (answer.status_code, part["status"], part["instance"]["source"]) == (202, "accepted", "planned")
    assert part["instance"]["targets"]["first_response"]["met"] is True
    assert [event.event_type for event in (await history(api))[:2]] == [STARTED, SIGNALED]
    assert (await api.get("/instances")).json()["total"] == 1
    again = await api.post("/events", {"type": "agent_replied", **replied(10, event_id="zd-7")})
    assert again.json()["instances"][0]["instance"]["targets"]["first_response"]["met"] is True


async def test_a_scrubbe_ticket_that_was_acknowledged_before_it_is_measured_is_started_with_that(api: Any) -> None:
    terms = {"name": "Late", "priority": "LOW", "responseTimeMinutes": 1, "resolveTimeMinutes": 2}
    assert (await api.http.post("/api/v1/sla-policies", json=terms)).status_code == 201
    ticket = (await api.http.post("/api/v1/tickets", json={"title": "x", "priority": "LOW", "status": "OPEN"})).json()
    path = f"/api/v1/tickets/{ticket['id']}"
    assert (await api.http.patch(path, json={"status": "ACKNOWLEDGED"})).status_code == 200
    assert (await api.http.put("/api/v1/ims/config", json={"slaEnabled": True})).status_code == 200
    measured = api.temporal.get_workflow_handle(
        workflow_id(api.organization, (await api.http.get(path)).json()["instanceId"])
    )
    events = (await measured.fetch_history()).events
    assert [event.event_type for event in events[:2]] == [STARTED, SIGNALED]


async def test_an_event_that_cannot_be_planned_with_its_ticket_is_refused_and_starts_nothing(api: Any) -> None:
    """The clock would begin again today, and end in the next century."""
    targets = [{"type": "resolution", "priority": name, "hours": 75 * 8766} for name in ("urgent", "low")]
    await api.policy(conditions=[], targets=targets, on_change="restart")
    ticket = {"priority": "urgent", "occurred_at": "1990-01-01T00:00:00Z"}
    body = {"type": "updated", "ticket_id": "A1", "fields": {"priority": "low"}, "ticket": ticket}
    refused = await api.post("/events", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "working_time_exhausted"), refused.text
    assert [one async for one in api.temporal.list_workflows(f"TaskQueue = '{api.organization}'")] == []
    assert (await api.post("/events", {**body, "type": "opened", "fields": None})).status_code == 200


async def test_whoever_starts_an_instance_second_brings_it_the_event_and_changes_nothing_else(api: Any) -> None:
    await api.policy()
    catalog = await api.dependencies.store.catalog(api.organization)
    ticket = Ticket.from_json({"ticket_id": "A1", "priority": "urgent"})
    snapshot, now = catalog.snapshot(ticket, "2026a"), api.dependencies.now()
    made = []
    for number in range(2):
        opened = Event(EventKind.OPENED, f"o{number}", now, now)
        told = {"event_id": f"e{number}"}
        planned = plan(snapshot, [opened])
        made.append(await api.dependencies.engine.start(snapshot, planned, opened, "acknowledge", told))
    assert made == [True, False]
    kinds = [event.event_type for event in await history(api)]
    assert (kinds.count(STARTED), kinds.count(SIGNALED)) == (1, 2)
    await handle(api).terminate()
    opened = Event(EventKind.OPENED, "o2", now, now)
    third = await api.dependencies.engine.start(snapshot, planned, opened, "acknowledge", {"event_id": "e2"})
    assert (third, (await handle(api).describe()).status) == (False, WorkflowExecutionStatus.TERMINATED)


async def test_opening_a_ticket_again_starts_its_workflow_where_that_is_gone(api: Any) -> None:
    await api.policy()
    await api.post("/instances", {**A1, "priority": "urgent", "occurred_at": hours_ago(0.5)})
    lost = (await handle(api).describe()).run_id
    await handle(api).terminate()
    again = await api.post("/instances", {**A1, "priority": "urgent"})
    assert (again.status_code, again.json()["source"]) == (200, "store")
    described = await handle(api).describe()
    assert (described.status, described.run_id != lost) == (WorkflowExecutionStatus.RUNNING, True)
    assert await start_input(api) == {"after": lost}
    await api.with_worker()
    paused = await api.post(f"/instances/{ID}/pause")
    assert (paused.status_code, paused.json()["opened_at"]) == (200, again.json()["opened_at"])
    assert paused.json()["targets"]["resolution"]["elapsed_seconds"] == pytest.approx(1800, abs=60)


@pytest.mark.parametrize("way", ["POST /instances", "an event that opens it"])
async def test_opening_a_ticket_again_leaves_a_running_workflow_as_it_is(api: Any, way: str) -> None:
    await api.policy()
    await api.post("/instances", {**A1, "priority": "urgent"})
    before = await history(api)
    if way == "POST /instances":
        assert (await api.post("/instances", {**A1, "priority": "urgent"})).status_code == 200
    else:
        opened = {"ticket_id": "A1", "type": "opened", "ticket": {"priority": "urgent"}}
        assert (await api.post("/events", opened)).status_code == 200
    assert await history(api) == before


async def test_a_ticket_goes_on_at_a_temporal_that_has_never_heard_of_it(
    api: Any, start_temporal: Callable[[int], str]
) -> None:
    """As after the loss of its database."""
    await api.policy()
    opened = (await api.post("/instances", {**A1, "priority": "urgent", "occurred_at": hours_ago(0.5)})).json()
    address = start_temporal(free_port())
    await answers(address)
    empty = await Client.connect(address, data_converter=pydantic_data_converter)
    api.use(temporal=provider(empty))
    assert (await api.post("/instances", {**A1, "priority": "urgent"})).status_code == 200
    assert await start_input(api, empty) == {}
    worker = build_worker(empty, StoreProjection(api.dependencies.store), [], task_queue=api.organization)
    api.use(timeouts=UNHURRIED)
    async with worker:
        done = await api.post(f"/instances/{ID}/resolve", {"event_id": "done"})
        assert (done.status_code, done.json()["opened_at"]) == (200, opened["opened_at"])


async def test_an_event_finds_a_ticket_whose_workflow_is_gone_and_says_which_run_that_was(api: Any) -> None:
    await api.policy()
    await api.post("/instances", {**A1, "priority": "urgent"})
    lost = (await handle(api).describe()).run_id
    await handle(api).terminate()
    assert (await api.post(f"/instances/{ID}/acknowledge", {"event_id": "zd-7"})).status_code == 202
    assert await start_input(api) == {"after": lost}
    await api.with_worker()

    async def again() -> Any:
        return await api.post(f"/instances/{ID}/acknowledge", {"event_id": "zd-7"})

    await eventually(again, lambda answer: answer.status_code == 200)


async def shown(api: Any, client: Client | None = None) -> Any:
    return (await handle(api, client).describe()).typed_search_attributes


async def test_operators_find_an_instance_from_its_start_on_without_a_worker(api: Any) -> None:
    policy = await api.policy()
    opened = await api.ticket("", ticket_id="A1", conversation_id=None)
    attributes = await shown(api)
    assert (attributes[STATUS], attributes[POLICY], attributes[PRIORITY]) == ("active", policy["id"], "urgent")
    due = opened["targets"]["first_response"]["due_at"]
    assert attributes[NEXT_DUE] == datetime.fromisoformat(due).replace(microsecond=attributes[NEXT_DUE].microsecond)


async def test_a_namespace_that_has_lost_its_search_attributes_opens_instances_without_them(
    api: Any, start_temporal: Callable[[int], str]
) -> None:
    await api.policy()
    await api.ticket()
    assert await api.dependencies.attributes.names(api.temporal) == [key.name for key in ATTRIBUTES]
    other = start_temporal(free_port())
    await answers(other)
    client = await Client.connect(other, data_converter=pydantic_data_converter)
    api.use(temporal=provider(client))
    await api.ticket("", ticket_id="A1", conversation_id=None)
    assert len(await shown(api, client)) == 0
    assert await api.dependencies.attributes.names(client) == ()
