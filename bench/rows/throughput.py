"""How much goes through over REST: lives, openings by width, and the wait for one answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException

import httpx

from bench.asking import Connection, asked, side_by_side
from bench.figures import Figure, median
from bench.lives import abreast, bare, event, new_ticket, require, subject_of, updated_barely
from bench.rig import BARE_QUEUE, HEADERS, ROOT_PATH, Engine, Rig

ROUNDS = 3
WIDTH = 16
LIVES = 96
WIDTHS = (1, 16, 64, 128)
OPENING_SECONDS = 3.0
REST_SECONDS = 2.0
ACKNOWLEDGED = 40


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
        ours.append(await asyncio.to_thread(_lived, engine))
        await asyncio.sleep(REST_SECONDS)
        least.append(await abreast(bare(engine), LIVES, WIDTH))
        recorded.append(await abreast(bare(engine, "RecordedLife"), LIVES, WIDTH))
        updated.append(await abreast(updated_barely(engine), LIVES, WIDTH))
    return [
        Figure(f"lives a second over REST, {WIDTH} abreast", median(ours), "/s", median(least), ">= 0.45x"),
        Figure("- against the least that records", median(ours), "/s", median(recorded)),
        Figure("- against bare that is told by updates", median(ours), "/s", median(updated)),
    ]


def _lived(engine: Engine) -> float:
    """How many were lived a second."""
    tickets = iter([new_ticket() for _ in range(LIVES)])

    def live(connection: Connection) -> int:
        lived = 0
        # Iterators of lists may be shared by threads.
        for ticket in tickets:
            _require(connection.ask("POST", f"{ROOT_PATH}/instances", {"ticket_id": ticket, "priority": "high"}))
            for what in ("acknowledge", "resolve"):
                path = f"{ROOT_PATH}/instances/{subject_of(ticket)}/{what}"
                _require(connection.ask("POST", path, event(ticket, what)))
            lived += 1
        return lived

    began = time.perf_counter()
    lived = sum(side_by_side(live, WIDTH, engine.address, HEADERS))
    return lived / (time.perf_counter() - began)


def _require(answer: tuple[int, bytes]) -> None:
    status, told = answer
    # Accepted is enough: on a busy machine the record may follow.
    if status not in (httpx.codes.CREATED, httpx.codes.OK, httpx.codes.ACCEPTED):
        raise RuntimeError(f"{status} {told[:300]!r}")


async def _openings(engine: Engine) -> list[Figure]:
    figures = []
    for width in WIDTHS:
        ours, least = Taken(), Taken()
        for _ in range(2):
            await asyncio.to_thread(_opened_over_rest, engine, width, ours)
            await asyncio.sleep(REST_SECONDS)
            await _opened_barely(engine, width, least)
        share = f", {ours.refused} of {ours.asked} refused" if ours.refused else ", none refused"
        what = f"openings a second over REST, {width} abreast{share}"
        figures.append(Figure(what, median(ours.rates), "/s", median(least.rates), "grows, none refused"))
    return figures


def _opened_over_rest(engine: Engine, width: int, taken: Taken) -> None:
    end = time.monotonic() + OPENING_SECONDS

    def client(connection: Connection) -> Sequence[bool]:
        opened = []
        while time.monotonic() < end:
            body = {"ticket_id": new_ticket(), "priority": "high"}
            try:
                status, _ = connection.ask("POST", f"{ROOT_PATH}/instances", body)
            except (OSError, HTTPException):
                status = 0
            opened.append(status == httpx.codes.CREATED)
        return opened

    began = time.monotonic()
    answers = [opened for one in side_by_side(client, width, engine.address, HEADERS) for opened in one]
    taken.rates.append(sum(answers) / (time.monotonic() - began))
    taken.asked += len(answers)
    taken.refused += answers.count(False)


async def _opened_barely(engine: Engine, width: int, taken: Taken) -> None:
    end = time.monotonic() + OPENING_SECONDS

    async def client() -> int:
        answered = 0
        while time.monotonic() < end:
            body = {"priority": "high", "occurred_at": datetime.now(UTC).isoformat()}
            await engine.client.start_workflow("BareLife", body, id=f"BareLife/{new_ticket()}", task_queue=BARE_QUEUE)
            answered += 1
        return answered

    began = time.monotonic()
    answered = await asyncio.gather(*(client() for _ in range(width)))
    taken.rates.append(sum(answered) / (time.monotonic() - began))


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
