"""A policy is not archived while an instance of it is open that was answered with 201, whoever answered it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from domain.instants import Instant
from service.dependencies import Dependencies
from service.temporal.engine import CONNECT_OPTIONS, provider
from store.rules.claims import GRACE
from store.store import Store
from tests.api.conftest import Api
from tests.support.apps import lent_app
from tests.support.clockwork import eventually
from tests.support.ports import free_port

URGENT = {"priority": "urgent"}


async def another_process(api: Any) -> Api:
    store = Store.open(api.dependencies.store.database.shown_url)
    api.stack.push_async_callback(store.close)
    dependencies = Dependencies(store, provider(api.temporal), task_queue=api.organization)
    app = api.stack.enter_context(lent_app(dependencies))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    http = httpx.AsyncClient(transport=transport, base_url="http://api", headers=api.http.headers)
    await api.stack.enter_async_context(http)
    return Api(http, app, dependencies, api.organization, api.temporal, api.stack)


async def archive(api: Any, policy: dict[str, Any]) -> tuple[int, Any]:
    answer = await api.http.delete(f"/api/v2/sla/policies/{policy['id']}")
    return answer.status_code, answer.json()["value"] if answer.status_code == 409 else None


async def execute(api: Any, statement: str) -> None:
    await api.dependencies.store.database.write(lambda conn: conn.exec_driver_sql(statement))


async def without_rows(api: Any) -> None:
    """No record can be written until `with_rows`."""
    await execute(api, "ALTER TABLE instance_records RENAME TO away")


async def with_rows(api: Any) -> None:
    await execute(api, "ALTER TABLE away RENAME TO instance_records")


def much_later(api: Any) -> None:
    claims, now = api.dependencies.store.claims, api.dependencies.store.claims.now
    object.__setattr__(claims, "now", lambda: Instant(now() + GRACE + 1))


async def fail_to_start(api: Any, ticket: dict[str, Any]) -> None:
    await api.lose_temporal()
    assert (await api.post("/instances", {**ticket, **URGENT})).status_code == 503
    api.find_everything()


async def test_an_instance_whose_row_is_not_there_yet_counts_also_when_another_process_answered(api: Any) -> None:
    policy, other = await api.policy(), await another_process(api)
    await without_rows(api)
    for subject in ("1", "2"):
        assert (await other.post("/instances", {"ticket_id": subject, **URGENT})).status_code == 201
    assert await archive(api, policy) == (409, 2)
    await with_rows(api)
    assert await archive(api, policy) == (409, 2)
    await api.with_worker()
    for subject in ("1", "2"):
        await api.post(f"/instances/inst_sla_ticket_{subject}/resolve")
        await api.temporal.get_workflow_handle(f"sla/{api.organization}/inst_sla_ticket_{subject}").result()
    # The rows follow once the store takes them, from the process that answered.
    await eventually(lambda: archive(api, policy), lambda archived: archived == (204, None))


async def test_an_instance_that_has_run_for_long_without_a_row_counts_as_temporal_knows_it(api: Any) -> None:
    policy = await api.policy()
    await without_rows(api)
    assert (await api.post("/instances", {"ticket_id": "1", **URGENT})).status_code == 201
    await with_rows(api)
    much_later(api)
    assert await archive(api, policy) == (409, 1)
    await api.lose_temporal()
    assert await archive(api, policy) == (503, None)
    api.find_everything()
    await api.temporal.get_workflow_handle(f"sla/{api.organization}/inst_sla_ticket_1").terminate()
    assert await archive(api, policy) == (204, None)


async def test_an_opening_whose_outcome_is_unknown_counts_until_temporal_knows_of_none(api: Any) -> None:
    policy = await api.policy()
    await fail_to_start(api, {"ticket_id": "1"})
    assert await archive(api, policy) == (409, 1)
    assert (await api.get("/instances")).json()["total"] == 0
    much_later(api)
    assert await archive(api, policy) == (204, None)
    after = await api.post("/instances", {"ticket_id": "1", **URGENT})
    assert (after.status_code, after.json()["status"]) == (200, "untracked")


async def test_a_ticket_claimed_for_another_policy_is_opened_once_that_claim_has_lapsed(api: Any) -> None:
    first = await api.policy()
    await fail_to_start(api, {"ticket_id": "1"})
    second = await api.policy(name="Sooner")
    await api.post("/policies/reorder", {"policy_ids": [second["id"], first["id"]]})
    early = await api.post("/instances", {"ticket_id": "1", **URGENT})
    assert (early.status_code, early.json()["code"]) == (503, "temporal_unavailable")
    much_later(api)
    opened = await api.post("/instances", {"ticket_id": "1", **URGENT})
    assert (opened.status_code, opened.json()["policy_id"]) == (201, second["id"])
    assert await archive(api, first) == (204, None)
    assert await archive(api, second) == (409, 1)


async def test_a_ticket_that_runs_under_another_policy_is_found_though_its_row_is_not_there(api: Any) -> None:
    first = await api.policy()
    await without_rows(api)
    await api.post("/instances", {"ticket_id": "1", **URGENT})
    await with_rows(api)
    second = await api.policy(name="Sooner")
    await api.post("/policies/reorder", {"policy_ids": [second["id"], first["id"]]})
    again = await api.post("/instances", {"ticket_id": "1", **URGENT})
    assert (again.status_code, again.json()["policy_id"]) == (200, first["id"])
    assert [await archive(api, policy) for policy in (first, second)] == [(409, 1), (204, None)]


async def test_a_ticket_that_cannot_be_planned_claims_nothing(api: Any) -> None:
    policy = await api.policy(targets=[{"type": "resolution", "hours": 99 * 8766}])
    refused = await api.post("/instances", {"ticket_id": "1", **URGENT})
    assert (refused.status_code, refused.json()["code"]) == (422, "working_time_exhausted")
    assert await archive(api, policy) == (204, None)


async def test_no_policy_is_archived_under_a_ticket_that_is_opened_at_the_same_moment(api: Any) -> None:
    """Nothing but the store and Temporal stands between the two processes; no worker writes a row."""
    other = await another_process(api)
    won: set[int] = set()
    for round_ in range(MOST_ROUNDS):
        status, _ = await race(api, other, round_)
        won.add(status)
        if round_ >= ROUNDS and won == {204, 409}:
            return
    pytest.fail(f"the race was always won by the same side: {won}")


ROUNDS, MOST_ROUNDS = 11, 120


async def race(api: Any, other: Any, round_: int) -> tuple[int, Any]:
    policy = await api.policy(name=f"{round_}", conditions=[{"field": "round", "operator": "eq", "value": round_}])

    # From the archive well ahead of the first opening to far behind it: somewhere between they meet.
    head_start = 0.02 * (round_ % 6 - 2) * (1 + round_ // 12)

    async def open_one(index: int) -> httpx.Response:
        await asyncio.sleep(0.01 * index + max(0, -head_start))
        body = {"ticket_id": f"{round_}-{index}", "fields": {"round": round_}, **URGENT}
        answer: httpx.Response = await (api, other)[index % 2].post("/instances", body)
        return answer

    async def archive_it() -> tuple[int, Any]:
        await asyncio.sleep(max(0, head_start))
        return await archive(other, policy)

    opening = [asyncio.create_task(open_one(index)) for index in range(4)]
    status, counted = await archive_it()
    answers = [await one for one in opening]
    created = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {200, 201}
    if status == 204:
        assert created == []
    else:
        assert 1 <= counted <= len(created) == 4
        assert await archive(api, policy) == (409, 4)
    return status, counted


async def test_a_temporal_that_answers_after_the_claim_was_made_gets_no_second_instance(api: Any) -> None:
    policy = await api.policy()
    gone = await Client.connect(f"127.0.0.1:{free_port()}", **CONNECT_OPTIONS)
    api.use(temporal=provider(gone))
    body = {"ticket_id": "1", **URGENT}
    assert (await api.post("/instances", body)).status_code == 503
    api.find_everything()
    assert [(await api.post("/instances", body)).status_code for _ in range(2)] == [201, 200]
    assert await archive(api, policy) == (409, 1)
