"""No route asks a workflow unless that is asked for: what the store holds is the answer, and no worker is needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client

from domain.instants import parse
from service.temporal.engine import provider
from service.tools.timeouts import Timeouts
from tests.api.conftest import HASTY
from tests.api.organization.test_tenants import OPERATIONS, ask
from tests.support.clockwork import Switchable
from tests.support.documents.furnishing import furnish
from tests.support.interceptors import Questions
from worker import StoreProjection, build_worker

SUBJECT = {"ticket_id": "asked"}
ID = "inst_sla_ticket_asked"
TELLING: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/api/v2/sla/instances", {**SUBJECT, "priority": "asked"}),
    *(("POST", f"/api/v2/sla/instances/{ID}/{name}", {}) for name in ("acknowledge", "pause", "resume", "assign")),
    ("POST", "/api/v2/sla/events", {**SUBJECT, "type": "updated", "fields": {"a": 1}}),
    ("POST", "/api/v2/sla/events", {"ticket_id": "new", "type": "paused", "ticket": {"priority": "asked"}}),
    ("POST", "/api/v2/sla/events", {"ticket_id": "new", "type": "opened", "ticket": {"priority": "asked"}}),
    *(("PATCH", "/api/v1/tickets/{ticketId}", {"status": status}) for status in ("OPEN", "ACKNOWLEDGED", "RESOLVED")),
    *(("POST", f"/api/v2/sla/instances/{ID}/{name}", {}) for name in ("resolve", "reopen", "cancel")),
]


def hours_ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def questions_of(api: Any) -> Questions:
    """What workflows are asked from now on over the API."""
    questions = Questions()
    api.use(temporal=provider(Client(**{**api.temporal.config(), "interceptors": [questions]})))
    return questions


@pytest.mark.parametrize("is_there", [True, False], ids=["with a worker", "without a worker"])
async def test_no_route_asks_a_workflow_and_every_one_answers(api: Any, is_there: bool) -> None:
    """Were one asked where no worker is, it would be waited for until the test is given up."""
    questions = questions_of(api)
    if is_there:
        await api.with_worker()
    else:
        api.use(timeouts=replace(HASTY, state=3600))
    things = await furnish(api.http, "asked")
    for method, path, body in TELLING:
        told = await api.http.request(method, path.format(**things.ids(path)), json=body)
        assert told.status_code == 200 or (told.status_code, is_there) == (202, False), f"{path}: {told.text}"
    for one in sorted(OPERATIONS, key=lambda one: one.method == "DELETE"):
        answer = await ask(api, one, things)
        assert answer.status_code < 500, f"{one}: {answer.text}"
    assert questions.asked == []


async def test_a_workflow_is_asked_only_where_that_is_asked_for(api: Any) -> None:
    """The store is a step behind: its worker cannot write, and the API has been told that no worker answers."""
    await api.policy()
    api.dependencies.known.rest()
    questions = questions_of(api)
    projection = Switchable(StoreProjection(api.dependencies.store), down=True)
    await api.stack.enter_async_context(build_worker(api.temporal, projection, [], task_queue=api.organization))
    path = f"/instances/{(await api.ticket())['id']}"
    assert (await api.post(f"{path}/pause")).status_code == 202
    stored = (await api.get(path)).json()
    assert (stored["source"], stored["status"], questions.asked) == ("store", "active", [])
    api.use(timeouts=Timeouts(state=20))
    live = (await api.get(path, live=True)).json()
    assert (live["source"], live["status"]) == ("workflow", "paused")
    assert "recorded_at" not in live
    assert questions.asked


async def test_a_workflow_that_no_worker_answers_for_is_shown_from_the_store(api: Any) -> None:
    await api.policy()
    path = f"/instances/{(await api.ticket())['id']}"
    api.use(timeouts=replace(HASTY, state=0.1))
    found = await api.get(path, live=True)
    assert (found.status_code, found.json()["source"]) == (200, "store")
    refused = await api.get(path, live=True, as_of=hours_ago(0))
    assert (refused.status_code, refused.json()["field"]) == (422, "live")


async def test_what_the_store_tells_says_how_old_it_is(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    path, before = f"/instances/{(await api.ticket())['id']}", datetime.now(UTC)
    commanded = (await api.post(f"{path}/pause")).json()
    assert commanded["source"] == "store"
    assert abs(datetime.fromisoformat(commanded["recorded_at"]) - before) < timedelta(seconds=30)
    found = (await api.get(path)).json()
    assert found["recorded_at"] == commanded["recorded_at"]
    (listed,) = (await api.get("/instances")).json()["data"]
    assert listed["recorded_at"] == commanded["recorded_at"]
    later = (await api.post(f"{path}/resume")).json()
    assert parse(later["recorded_at"]) > parse(commanded["recorded_at"])


def settled(instance: dict[str, Any]) -> dict[str, Any]:
    """What does not depend on when it was asked."""
    names = ("due_at", "met", "state", "started_at", "stopped_at", "breached_at")
    targets = {type_: {name: one[name] for name in names} for type_, one in instance["targets"].items()}
    return {"status": instance["status"], "closed_at": instance["closed_at"], "targets": targets}


@pytest.mark.parametrize("is_recorded", [True, False], ids=["recorded", "its first row was lost"])
@pytest.mark.parametrize(
    ("command", "hours"),
    [("acknowledge", 2.5), ("acknowledge", 1), ("pause", 2), ("resolve", 0.5), ("cancel", 4), ("reopen", 1)],
)
async def test_what_a_202_shows_is_what_the_worker_comes_to(
    api: Any, command: str, hours: float, is_recorded: bool
) -> None:
    await api.policy()
    if not is_recorded:
        await execute(api, "ALTER TABLE instance_records RENAME TO away")
    path = f"/instances/{(await api.ticket(occurred_at=hours_ago(3)))['id']}"
    if not is_recorded:
        await execute(api, "ALTER TABLE away RENAME TO instance_records")
    event = {"event_id": "zd-7", "occurred_at": hours_ago(hours)}
    accepted = await api.post(f"{path}/{command}", event)
    assert (accepted.status_code, accepted.json()["status"]) == (202, "accepted")
    foreseen = accepted.json()["instance"]
    assert (foreseen["source"], "recorded_at" in foreseen) == ("planned", is_recorded)
    await api.with_worker()
    applied = await api.post(f"{path}/{command}", event)
    assert (applied.status_code, applied.json()["source"]) == (200, "store")
    assert settled(foreseen) == settled(applied.json())


async def execute(api: Any, statement: str) -> None:
    await api.dependencies.store.database.write(lambda conn: conn.exec_driver_sql(statement))


async def test_an_event_that_was_recorded_before_is_answered_without_a_worker(api: Any) -> None:
    await api.policy()
    worker = await api.with_worker()
    path = f"/instances/{(await api.ticket())['id']}"
    first = await api.post(f"{path}/acknowledge", {"event_id": "zd-7"})
    await api.lose_worker(worker)
    again = await api.post(f"{path}/acknowledge", {"event_id": "zd-7"})
    assert (first.status_code, again.status_code) == (200, 200)
    assert settled(again.json()) == settled(first.json())


async def test_an_event_that_nobody_can_plan_yet_is_accepted_without_saying_what_it_comes_to(api: Any) -> None:
    await api.policy(targets=[{"type": "resolution", "hours": 75 * 8766}])
    worker = await api.with_worker()
    opened = await api.ticket("conv_1", occurred_at="1990-01-01T00:00:00Z")
    path = f"/instances/{opened['id']}"
    assert (await api.post(f"{path}/pause", {"occurred_at": "1990-01-02T00:00:00Z"})).status_code == 200
    await api.lose_worker(worker)
    accepted = await api.post(f"{path}/resume", {"event_id": "r1"})
    assert (accepted.status_code, accepted.json().keys()) == (202, {"id", "event_id", "status"})
    by_subject = await api.post("/events", {"type": "resumed", "conversation_id": "conv_1"})
    (part,) = by_subject.json()["instances"]
    assert (by_subject.status_code, part) == (202, {"id": opened["id"], "kind": "sla", "status": "accepted"})
