from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.api.conftest import HASTY
from tests.support.clockwork import Switchable, eventually
from worker import StoreProjection, build_worker

OPEN = {"conversation_id": "conv_1", "priority": "urgent"}
ACCEPTED = {"event_id": "zd-7", "status": "accepted"}


def is_retryable(answer: Any, code: str) -> bool:
    told = (answer.status_code, answer.json()["code"], answer.headers["content-type"])
    return told == (503, code, "application/problem+json") and int(answer.headers["retry-after"]) > 0


async def test_without_temporal_nothing_is_opened_and_nothing_is_stored(api: Any) -> None:
    await api.policy()
    await api.lose_temporal()
    assert is_retryable(await api.post("/instances", OPEN), "temporal_unavailable")
    assert (await api.get("/instances")).json()["total"] == 0
    api.find_everything()
    assert (await api.post("/instances", OPEN)).status_code == 201


async def test_without_temporal_a_command_is_refused_and_an_instance_is_read_from_the_store(api: Any) -> None:
    await api.policy()
    opened = await api.ticket()
    await api.lose_temporal()
    assert is_retryable(await api.post(f"/instances/{opened['id']}/resolve"), "temporal_unavailable")
    found = await api.get(f"/instances/{opened['id']}")
    assert (found.status_code, found.json()["source"]) == (200, "store")
    assert is_retryable(await api.get("/instances/inst_sla_ticket_unknown"), "temporal_unavailable")


async def test_without_the_store_nothing_is_opened(api: Any, tmp_path: Path) -> None:
    await api.policy()
    await api.lose_store(tmp_path)
    assert is_retryable(await api.post("/instances", OPEN), "store_unavailable")
    assert is_retryable(await api.get("/instances"), "store_unavailable")
    assert is_retryable(await api.post("/policies", {"name": "x"}), "store_unavailable")
    api.find_everything()
    assert (await api.get("/instances/inst_sla_conversation_conv_1")).status_code == 404
    assert (await api.post("/instances", OPEN)).status_code == 201


async def test_a_command_is_answered_with_what_it_comes_to_while_the_worker_cannot_write_to_the_store(api: Any) -> None:
    """No worker had answered the API just before, so the command goes as a signal."""
    await api.policy()
    api.dependencies.known.rest()
    projection = Switchable(StoreProjection(api.dependencies.store), down=True)
    worker = build_worker(api.temporal, projection, [], task_queue=api.organization)
    await api.stack.enter_async_context(worker)
    opened = await api.ticket()
    answer = await api.post(f"/instances/{opened['id']}/pause")
    assert (answer.status_code, answer.json()["instance"]["status"]) == (202, "paused")
    assert answer.json()["instance"]["source"] == "planned"
    listed = (await api.get("/instances")).json()["data"][0]
    assert (listed["source"], listed["status"]) == ("store", "active")


async def test_a_key_that_cannot_be_looked_up_is_not_called_wrong(api: Any, tmp_path: Path) -> None:
    await api.lose_store(tmp_path)
    answer = await api.http.get("/api/v2/sla/policies", headers={"X-API-Key": "ak_live_never_seen_before"})
    assert is_retryable(answer, "store_unavailable")


async def test_a_caller_is_not_told_where_the_store_lies(api: Any, tmp_path: Path) -> None:
    await api.lose_store(tmp_path)
    stranger = await api.http.get("/api/v2/sla/policies", headers={"X-API-Key": "ak_live_never_seen_before"})
    known = await api.get("/policies")
    for answer in (stranger, known):
        assert is_retryable(answer, "store_unavailable")
        assert answer.json()["detail"] == "The store does not answer; try again."


async def test_an_instance_is_found_and_commanded_while_the_store_is_down(api: Any, tmp_path: Path) -> None:
    await api.policy()
    opened = await api.ticket()
    await api.with_worker()
    await api.lose_store(tmp_path)
    assert (await api.get(f"/instances/{opened['id']}")).json()["source"] == "workflow"
    accepted = await api.post(f"/instances/{opened['id']}/acknowledge", {"event_id": "zd-7"})
    assert (accepted.status_code, accepted.json()) == (202, {**ACCEPTED, "id": opened["id"]})
    assert is_retryable(await api.post("/instances/inst_sla_ticket_unknown/acknowledge"), "store_unavailable")
    api.find_everything()
    taken = await api.post(f"/instances/{opened['id']}/acknowledge", {"event_id": "zd-7"})
    assert (taken.status_code, taken.json()["targets"]["first_response"]["met"]) == (200, True)


async def test_an_instance_whose_first_row_was_lost_is_found_without_a_worker(api: Any) -> None:
    await api.policy()
    await execute(api, "ALTER TABLE instance_records RENAME TO away")
    opened = await api.ticket("conv_1")
    await execute(api, "ALTER TABLE away RENAME TO instance_records")
    assert (await api.get("/instances")).json()["total"] == 0
    found = await api.get(f"/instances/{opened['id']}")
    again = await api.post("/instances", OPEN)
    commanded = await api.post(f"/instances/{opened['id']}/acknowledge")
    assert (found.status_code, again.status_code, commanded.status_code) == (200, 200, 202)
    assert found.json()["targets"]["resolution"]["due_at"] == opened["targets"]["resolution"]["due_at"]
    assert again.json()["id"] == opened["id"]
    await api.with_worker()
    assert (await api.post(f"/instances/{opened['id']}/resolve")).status_code == 200


async def test_a_store_that_is_slow_to_write_keeps_no_ticket_waiting_and_gets_the_row_later(
    api: Any, tmp_path: Path
) -> None:
    """No worker runs: whatever the list shows was written by the API. The store is slow once the policy is claimed."""
    await api.policy()
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)

    async def provide() -> Any:
        other.execute("BEGIN IMMEDIATE")
        return api.temporal

    api.use(temporal=provide)
    opened = await api.post("/instances", OPEN)
    assert opened.status_code == 201
    assert (await api.get("/instances")).json()["total"] == 0
    other.execute("ROLLBACK")
    other.close()
    for _ in range(100):
        if (await api.get("/instances")).json()["total"] == 1:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the row never came")


async def execute(api: Any, statement: str) -> None:
    await api.dependencies.store.database.write(lambda conn: conn.exec_driver_sql(statement))


async def test_a_row_that_the_store_did_not_take_follows_once_it_takes_it_though_no_worker_runs(api: Any) -> None:
    await api.policy()
    api.use(timeouts=replace(HASTY, row=0.05, rows=30))
    await execute(api, "ALTER TABLE instance_records RENAME TO away")
    opened = await api.post("/instances", OPEN)
    assert (opened.status_code, opened.json()["source"]) == (201, "workflow")
    assert (await api.get("/instances")).json()["total"] == 0
    await execute(api, "ALTER TABLE away RENAME TO instance_records")

    async def listed() -> int:
        return int((await api.get("/instances")).json()["total"])

    assert await eventually(listed) == 1
    assert (await api.get(f"/instances/{opened.json()['id']}")).json()["source"] == "store"
