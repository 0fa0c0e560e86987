"""How much goes through over REST: lives, openings by width, and the wait for one answer."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from bench.asking import asked
from bench.figures import Figure, median
from bench.lives import abreast, bare, event, new_ticket, over_rest, require, subject_of, updated_barely
from bench.rig import BARE_QUEUE, HEADERS, ROOT_PATH, Engine, Rig, client_to

ROUNDS = 3
WIDTH = 16
WIDTHS = (1, 16, 64, 128)
OPENING_SECONDS = 3.0
REST_SECONDS = 2.0
ACKNOWLEDGED = 40

OpenOne = Callable[[], Awaitable[bool]]
"""Opens one, and says whether it was opened."""


@dataclass
class Taken:
    """How many were answered a second, and how many were refused of how many."""

    rates: list[float] = field(default_factory=list)
    refused: int = 0
    asked: int = 0


async def measure(rig: Rig) -> Sequence[Figure]:
    engine = await rig.engine()
    # First: what is opened by hundreds keeps the worker busy for a while.
    acknowledging = await _acknowledging(engine)
    return [*acknowledging, *await _lives(engine), *await _openings(engine)]


async def _lives(engine: Engine) -> list[Figure]:
    ours, least, recorded, updated = [], [], [], []
    for _ in range(ROUNDS):
        ours.append(await abreast(over_rest(engine), 32, WIDTH))
        await asyncio.sleep(REST_SECONDS)
        least.append(await abreast(bare(engine), 96, WIDTH))
        recorded.append(await abreast(bare(engine, "RecordedLife"), 64, WIDTH))
        updated.append(await abreast(updated_barely(engine), 96, WIDTH))
    return [
        Figure(f"lives a second over REST, {WIDTH} abreast", median(ours), "/s", median(least), ">= 0.45x"),
        Figure("- against the least that records", median(ours), "/s", median(recorded)),
        Figure("- against bare that is told by updates", median(ours), "/s", median(updated)),
    ]


async def _openings(engine: Engine) -> list[Figure]:
    figures = []
    for width in WIDTHS:
        ours, least = Taken(), Taken()
        for _ in range(2):
            async with _clients(engine, width) as clients:
                await _opened([_over_rest(http) for http in clients], ours)
            await asyncio.sleep(REST_SECONDS)
            await _opened([_bare(engine)] * width, least)
        share = f", {ours.refused} of {ours.asked} refused" if ours.refused else ", none refused"
        what = f"openings a second over REST, {width} abreast{share}"
        figures.append(Figure(what, median(ours.rates), "/s", median(least.rates), "grows, none refused"))
    return figures


async def _opened(clients: Sequence[OpenOne], taken: Taken) -> None:
    end = time.monotonic() + OPENING_SECONDS

    async def opening(open_one: OpenOne) -> int:
        answered = 0
        while time.monotonic() < end:
            opened = await open_one()
            taken.asked += 1
            taken.refused += not opened
            answered += opened
        return answered

    began = time.monotonic()
    answered = await asyncio.gather(*map(opening, clients))
    taken.rates.append(sum(answered) / (time.monotonic() - began))


@asynccontextmanager
async def _clients(engine: Engine, count: int) -> AsyncIterator[Sequence[httpx.AsyncClient]]:
    """Each with a connection of its own: one client of many takes ever longer to find a free one among them, six
    milliseconds more of this process at 128 than at 16."""
    tls = ssl.create_default_context()
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(client_to(engine.address, tls)) for _ in range(count)]


def _over_rest(http: httpx.AsyncClient) -> OpenOne:
    async def open_one() -> bool:
        try:
            answer = await http.post("/instances", json={"ticket_id": new_ticket(), "priority": "high"})
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.CREATED

    return open_one


def _bare(engine: Engine) -> OpenOne:
    async def open_one() -> bool:
        body = {"priority": "high", "occurred_at": datetime.now(UTC).isoformat()}
        await engine.client.start_workflow("BareLife", body, id=f"BareLife/{new_ticket()}", task_queue=BARE_QUEUE)
        return True

    return open_one


async def _acknowledging(engine: Engine) -> list[Figure]:
    tickets = [new_ticket() for _ in range(ACKNOWLEDGED)]
    for ticket in tickets:
        require(await engine.http.post("/instances", json={"ticket_id": ticket, "priority": "high"}), 201)
    await asyncio.sleep(REST_SECONDS)
    requests = [
        ("POST", f"{ROOT_PATH}/instances/{subject_of(ticket)}/acknowledge", event(ticket, "acknowledge"))
        for ticket in tickets
    ]
    took, statuses = await asyncio.to_thread(asked, engine.address, requests, HEADERS)
    answered = statuses.count(httpx.codes.OK)
    what = f"acknowledge over REST, one client, p50, {answered} of {ACKNOWLEDGED} recorded, against a bare update"
    return [Figure(what, median(took), "ms", await _updated_barely(engine), "20 ms")]


async def _updated_barely(engine: Engine) -> float:
    """Milliseconds of an update that does nothing but keep what it is told, one workflow after another."""
    handles = []
    for _ in range(ACKNOWLEDGED):
        ticket = new_ticket()
        handle = await engine.client.start_workflow(
            "UpdatedLife", {"priority": "high"}, id=f"UpdatedLife/{ticket}", task_queue=BARE_QUEUE
        )
        handles.append((handle, ticket))
    await asyncio.sleep(REST_SECONDS)
    took = []
    for handle, ticket in handles:
        began = time.perf_counter()
        await handle.execute_update("acknowledge", event(ticket, "acknowledge"))
        took.append((time.perf_counter() - began) * 1000)
    return median(took)
