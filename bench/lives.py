"""Lives of tickets: opened, acknowledged, resolved; ours by signals and over REST, and bare."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
from temporalio.client import Client, WorkflowHandle

from bench.rig import BARE_QUEUE, ENGINE_QUEUE, Engine

Life = Callable[[float], Awaitable[str]]
"""Lives with so many seconds between its events; gives the workflow's id."""

_numbers = count(1)
SETTLING_SECONDS = 60.0


def new_ticket() -> str:
    return f"bench-{next(_numbers)}"


def workflow_id(ticket: str) -> str:
    return f"sla/default/inst_sla_ticket_{ticket}"


def subject_of(ticket: str) -> str:
    """As its notices name it."""
    return f"inst_sla_ticket_{ticket}"


def event(ticket: str, what: str) -> dict[str, Any]:
    """As a ticket system tells it: with an id of its own, and when it happened."""
    return {"event_id": f"{ticket}-{what}", "occurred_at": datetime.now(UTC).isoformat()}


async def open_by_start(client: Client, ticket: str, **fields: Any) -> WorkflowHandle[Any, Any]:
    body = {"priority": "high", "occurred_at": datetime.now(UTC).isoformat(), **fields}
    return await client.start_workflow("SlaInstance", body, id=workflow_id(ticket), task_queue=ENGINE_QUEUE)


def by_signals(engine: Engine) -> Life:
    """Opened over REST, and told by signals what happens then."""

    async def live(pause: float) -> str:
        ticket = new_ticket()
        require(await engine.http.post("/instances", json={"ticket_id": ticket, "priority": "high"}), 201)
        return await _signalled(engine.client.get_workflow_handle(workflow_id(ticket)), ticket, pause)

    return live


def without_the_api(engine: Engine) -> Life:
    """Started with the ticket alone, so that the worker asks the store for its rules."""

    async def live(pause: float) -> str:
        ticket = new_ticket()
        return await _signalled(await open_by_start(engine.client, ticket), ticket, pause)

    return live


def bare(engine: Engine, workflow: str = "BareLife") -> Life:
    async def live(pause: float) -> str:
        ticket = new_ticket()
        body = {"priority": "high", "occurred_at": datetime.now(UTC).isoformat()}
        handle = await engine.client.start_workflow(workflow, body, id=f"{workflow}/{ticket}", task_queue=BARE_QUEUE)
        return await _signalled(handle, ticket, pause)

    return live


def updated_barely(engine: Engine) -> Life:
    """As bare, but told by updates."""

    async def live(pause: float) -> str:
        ticket = new_ticket()
        handle = await engine.client.start_workflow(
            "UpdatedLife", {"priority": "high"}, id=f"UpdatedLife/{ticket}", task_queue=BARE_QUEUE
        )
        for what in ("acknowledge", "resolve"):
            await asyncio.sleep(pause)
            await handle.execute_update(what, event(ticket, what))
        await asyncio.wait_for(handle.result(), SETTLING_SECONDS)
        return handle.id

    return live


async def _signalled(handle: WorkflowHandle[Any, Any], ticket: str, pause: float) -> str:
    for what in ("acknowledge", "resolve"):
        await asyncio.sleep(pause)
        await handle.signal(what, event(ticket, what))
    await asyncio.wait_for(handle.result(), SETTLING_SECONDS)
    return handle.id


def over_rest(engine: Engine) -> Life:
    async def live(pause: float) -> str:
        ticket = new_ticket()
        require(await engine.http.post("/instances", json={"ticket_id": ticket, "priority": "high"}), 201)
        for what in ("acknowledge", "resolve"):
            await asyncio.sleep(pause)
            # Accepted is enough: on a busy machine the record may follow.
            told = await engine.http.post(f"/instances/{subject_of(ticket)}/{what}", json=event(ticket, what))
            require(told, 200, 202)
        return workflow_id(ticket)

    return live


def require(answer: httpx.Response, *statuses: int) -> httpx.Response:
    """The answer itself. Raises RuntimeError for any other status."""
    if answer.status_code not in statuses:
        raise RuntimeError(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:300]}")
    return answer


async def paced(live: Life, lives: int, rate: float, pause: float) -> list[str]:
    """So many lives begin a second, evenly; returns their ids when all are over."""
    async with asyncio.TaskGroup() as group:
        tasks = []
        began = time.monotonic()
        for index in range(lives):
            await asyncio.sleep(max(0.0, began + index / rate - time.monotonic()))
            tasks.append(group.create_task(_coroutine(live, pause)))
    return [task.result() for task in tasks]


async def abreast(live: Life, lives: int, width: int) -> float:
    """How many were lived a second, `width` at a time."""
    slots = asyncio.Semaphore(width)

    async def one() -> None:
        async with slots:
            await live(0)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(lives)))
    return lives / (time.perf_counter() - began)


async def _coroutine(live: Life, pause: float) -> str:
    return await live(pause)
