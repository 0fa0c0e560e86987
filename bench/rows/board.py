"""The board over 10,000 open tickets: its first rows, and what each page weighs."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx

from bench.figures import Figure, median
from bench.rig import KEY, Rig, environment, process, until_answered
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import DAY, HOUR, MINUTE, Instant, Micros
from domain.plan.planning import plan
from domain.policy.catalog import AROUND_THE_CLOCK
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from domain.policy.targets import TargetRule
from domain.record.records import Record, first_record
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from store.access.keys import ensure_key
from store.access.organizations import DEFAULT_ORGANIZATION
from store.schema.migrate import upgrade
from store.store import Store
from web.pages.listed import PAGES

OPEN = 10_000
WRITERS = 32
WARM = 15
LISTED = [(page.title, page.path) for page in PAGES]
MONTH = ("A month to print", "/compliance/month")
FIRST_ROW = b'<tr id="row-'
ASSETS = re.compile(r'(?:href|src)="(/static/[^"]+)"')
RULES = (
    TargetRule("target_1", "first_response", None, Micros(4 * HOUR)),
    TargetRule("target_2", "resolution", None, Micros(24 * HOUR)),
)
POLICY = Policy("sla_bench", "Standard", targets=RULES)


@dataclass(frozen=True, slots=True)
class Board:
    """`http` is signed in; `cold` is how long the first page took, in milliseconds."""

    http: httpx.AsyncClient
    cold: float


async def measure(rig: Rig) -> Sequence[Figure]:
    engine = await rig.engine()
    async with _board(rig.folder / "board", engine.client.service_client.config.target_host) as board:
        warm = [await _first_row(board.http, "/") for _ in range(WARM)]
        weights = [(title, await _weight(board.http, path)) for title, path in (*LISTED, MONTH)]
    return [
        Figure(f"cold load of Due next until its first row, {OPEN:,} open tickets", board.cold, "ms", None, "1,000 ms"),
        Figure("- once it is warm", median(warm), "ms"),
        *(Figure(f"{title}, with its styles and scripts", weight, "kB", None, "150 kB") for title, weight in weights),
    ]


@asynccontextmanager
async def _board(home: Path, temporal: str) -> AsyncIterator[Board]:
    await asyncio.to_thread(home.mkdir, parents=True)
    url = f"sqlite:///{home}/sla.db"
    await asyncio.to_thread(upgrade, url)
    await ensure_key(url, KEY, "bench", DEFAULT_ORGANIZATION)
    env = environment(home, SLA_DATABASE_URL=url, SLA_TEMPORAL_PORT=temporal.rpartition(":")[2])
    address = f"http://127.0.0.1:{env['SLA_API_PORT']}"
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    headers = {"Accept": "text/html"}
    store = Store.open(url)
    try:
        await _fill(store)
        async with (
            process(["-m", "cli", "api"], env, home.with_suffix(".log")),
            httpx.AsyncClient(base_url=address, headers=headers, trust_env=False, timeout=60, limits=limits) as http,
        ):
            await until_answered(http, "GET", "/healthz")
            await http.post("/sign-in", data={"key": KEY})
            cold = await _first_row(http, "/")
            yield Board(http, cold)
    finally:
        await store.close()


async def _fill(store: Store) -> None:
    """Tickets that run, opened over the last day: some are breached, some at risk, most are due later."""
    now, chance = store.instances.now(), Random(1)
    numbers = iter(range(OPEN))

    async def one_after_another() -> None:
        for number in numbers:
            await store.instances.apply(_opened(number, Instant(now - chance.randrange(DAY + 30 * MINUTE))))

    await asyncio.gather(*(one_after_another() for _ in range(WRITERS)))


def _opened(number: int, at: Instant) -> Record:
    instance = InstanceId(Kind.SLA, SubjectType.TICKET, f"T-{number}")
    fields: dict[str, Any] = {"subject": f"The printer on floor {number} answers nobody"}
    ticket = Ticket(instance, ("low", "high")[number % 2], team_id=f"team_{number % 10}", fields=fields)
    snapshot = Snapshot(DEFAULT_ORGANIZATION, ticket, POLICY, AROUND_THE_CLOCK, "bench")
    event = Event(EventKind.OPENED, "opened", at, at)
    return first_record(snapshot.to_json(), plan(snapshot, [event]), event)


async def _first_row(http: httpx.AsyncClient, path: str) -> float:
    """Milliseconds until the first row has arrived. Raises RuntimeError where none does."""
    began, seen = time.perf_counter(), b""
    async with http.stream("GET", path) as answer:
        async for part in answer.aiter_bytes():
            seen += part
            if FIRST_ROW in seen:
                return (time.perf_counter() - began) * 1000
    raise RuntimeError(f"{path}: {answer.status_code} without a row")


async def _weight(http: httpx.AsyncClient, path: str) -> float:
    """Kilobytes of the page and of what it loads, as they are sent."""
    page = (await http.get(path)).raise_for_status()
    loaded = [(await http.get(one)).raise_for_status() for one in dict.fromkeys(ASSETS.findall(page.text))]
    return sum(one.num_bytes_downloaded for one in (page, *loaded)) / 1000
