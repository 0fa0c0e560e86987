"""`/readyz` is up only while the engine does what it promises, and says by which figure."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url
from temporalio import workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.instants import MINUTE, Instant
from domain.plan.planning import plan
from domain.record.records import first_record
from domain.ticket.events import Event, EventKind
from tests.support.builders import a_snapshot, promise
from tests.support.clockwork import eventually
from workflows.messages import WORKFLOW_TYPE

PARTS = ("store", "temporal", "worker", "milestones", "instances")


async def asked(api: Any) -> tuple[int, dict[str, Any]]:
    """Anew each time, whatever was answered a moment ago."""
    api.use()
    answer = await api.http.get("/readyz")
    return answer.status_code, answer.json()


def down(body: dict[str, Any]) -> list[str]:
    return [part for part in PARTS if body[part]["status"] == "down"]


async def test_an_engine_that_does_what_it_promises_is_ready(api: Any) -> None:
    await api.with_worker()
    _, body = await eventually(lambda: asked(api), lambda answer: answer[0] == 200)
    assert body["status"] == "ready"
    assert down(body) == []
    assert body["store"]["write_ms"] > 0
    assert 0 <= body["worker"]["last_poll_seconds"] < 75
    assert body["milestones"] == {"status": "up", "overdue": 0, "longest_overdue_seconds": 0}
    assert body["instances"] == {"status": "up", "stuck": 0}


async def test_without_a_worker_nothing_is_ready(api: Any) -> None:
    status, body = await asked(api)
    assert (status, body["status"], down(body)) == (503, "not_ready", ["worker"])
    assert body["worker"]["last_poll_seconds"] is None


async def test_a_worker_that_polls_no_more_is_missed(api: Any) -> None:
    await api.with_worker()
    await eventually(lambda: asked(api), lambda answer: answer[0] == 200)
    now = api.dependencies.now
    api.use(now=lambda: Instant(now() + 2 * MINUTE))
    _, body = await asked(api)
    assert down(body) == ["worker"]
    assert body["worker"]["last_poll_seconds"] >= 115


async def test_what_does_not_answer_is_down(api: Any, tmp_path: Path) -> None:
    await api.with_worker()
    await eventually(lambda: asked(api), lambda answer: answer[0] == 200)
    await api.lose_temporal()
    status, body = await asked(api)
    assert (status, down(body)) == (503, ["temporal", "worker", "instances"])
    assert body["instances"]["stuck"] is None
    api.find_everything()
    await api.lose_store(tmp_path)
    status, body = await asked(api)
    assert (status, down(body)) == (503, ["store", "milestones"])
    assert (await api.http.get("/healthz")).status_code == 200


async def test_a_store_that_takes_no_write_is_down_although_it_can_be_read(api: Any) -> None:
    url = make_url(api.dependencies.store.database.shown_url)
    other = sqlite3.connect(str(url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    status, body = await asked(api)
    assert status == 503
    assert "store" in down(body)
    assert body["milestones"]["status"] == "up"
    other.close()


@pytest.mark.parametrize(("minutes", "overdue"), [(0.9, 0), (1.1, 1)])
async def test_a_milestone_that_is_overdue_by_more_than_a_minute_is_named(
    api: Any, minutes: float, overdue: int
) -> None:
    await api.with_worker()
    now = api.dependencies.now()
    snapshot = replace(a_snapshot(promise(minutes=60)), organization=api.organization)
    opened = Event(EventKind.OPENED, "o", now, now)
    record = first_record(snapshot.to_json(), plan(snapshot, [opened]), opened)
    late = Instant(now - round(minutes * MINUTE))
    await api.dependencies.store.instances.apply(replace(record, next_milestone_at=late))
    _, body = await eventually(lambda: asked(api), lambda answer: answer[1]["worker"]["status"] == "up")
    assert body["milestones"]["overdue"] == overdue
    assert down(body) == ["milestones"] * overdue
    if overdue:
        assert body["milestones"]["longest_overdue_seconds"] == pytest.approx(60 * minutes, abs=5)


@workflow.defn(name=WORKFLOW_TYPE, sandboxed=False)
class Failing:
    @workflow.run
    async def run(self, start: Any) -> None:
        raise RuntimeError("whatever comes")


async def test_a_workflow_whose_task_fails_again_and_again_is_stuck(api: Any) -> None:
    queue = api.dependencies.task_queue
    async with Worker(api.temporal, task_queue=queue, workflows=[Failing], workflow_runner=UnsandboxedWorkflowRunner()):
        handle = await api.temporal.start_workflow(WORKFLOW_TYPE, {}, id="sla/nobody/x", task_queue=queue)
        try:
            _, body = await eventually(lambda: asked(api), lambda answer: answer[1]["instances"]["stuck"])
            assert down(body) == ["instances"]
        finally:
            await handle.terminate()


async def test_who_asks_at_the_same_time_gets_the_same_answer_for_one_write(api: Any) -> None:
    api.use()
    answers = [(await api.http.get("/readyz")).json() for _ in range(5)]
    assert len({answer["store"]["write_ms"] for answer in answers}) == 1
