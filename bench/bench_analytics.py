"""How long analytics take on SQLite over 100,000 clocks of one month, and over as many of the month before."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from domain.analytics.buckets import Granularity, buckets
from domain.analytics.periods import Period, read_period
from domain.catalog import AROUND_THE_CLOCK
from domain.events import Event, EventKind
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import DAY, HOUR, Instant, Micros, parse
from domain.planning import plan
from domain.policies import Policy, TargetRule
from domain.snapshot import Snapshot
from domain.tickets import Ticket
from store.analytics_queries import Scope
from store.migrate import upgrade
from store.store import Store
from store.tables import instance_targets, instances
from store.types import moment

TICKETS = 100_000
AT_ONCE = 5_000
ROUNDS = 3
TYPES = ("first_response", "resolution")
NOW = parse("2026-04-01T12:00:00Z")
FIRST = parse("2026-01-30T00:00:00Z")


def documents() -> tuple[Any, Any]:
    """A snapshot and a plan as long as those of real instances."""
    rules = tuple(TargetRule(f"target_{type_}", type_, None, HOUR) for type_ in TYPES)
    ticket = Ticket(InstanceId(Kind.SLA, SubjectType.TICKET, "0"), "high")
    snapshot = Snapshot("default", ticket, Policy("sla_1", "Bench", targets=rules), AROUND_THE_CLOCK, "bench")
    opened = Event(EventKind.OPENED, "opened", FIRST, FIRST)
    return snapshot.to_json(), plan(snapshot, (opened,)).to_json()


def rows_of(number: int, chance: random.Random, snapshot: Any, planned: Any) -> tuple[dict[str, Any], list[Any]]:
    """An instance of one of twenty policies, and its two clocks: one in five of them breached."""
    at = Instant(FIRST + number * 60 * DAY // TICKETS)
    key = {"organization": "default", "instance_id": f"inst_sla_ticket_{number}"}
    instance: dict[str, Any] = {
        "organization": "default",
        "id": key["instance_id"],
        "kind": "sla",
        "subject_type": "ticket",
    }
    instance |= {"subject": str(number), "policy_id": f"sla_{number % 20}", "priority": ("low", "high")[number % 2]}
    instance |= {"status": "met", "opened_at": moment(at), "closed_at": moment(at), "sequence": 1, "set_aside": {}}
    instance |= {"snapshot_sequence": 1, "snapshot": snapshot, "plan": planned, "recorded_at": moment(at)}
    clocks = []
    for type_ in TYPES:
        lasted = chance.randrange(10 * HOUR)
        clock: dict[str, Any] = {
            **key,
            "name": type_,
            "cycle": 1,
            "type": type_,
            "team_id": f"team_{number % 10}",
            "budget": HOUR,
        }
        clock |= {"outcome": "met" if chance.random() < 0.8 else "breached", "outcome_at": moment(at)}
        clock |= {"started_at": moment(at), "due_at": moment(at), "stopped_at": moment(Instant(at + lasted))}
        clocks.append({**clock, "worked": Micros(lasted // 2), "lasted": lasted, "paused": lasted // 4})
    return instance, clocks


async def fill(store: Store) -> None:
    chance = random.Random(1)
    snapshot, planned = documents()
    for start in range(0, TICKETS, AT_ONCE):
        made = [rows_of(number, chance, snapshot, planned) for number in range(start, start + AT_ONCE)]
        async with store.database.write() as conn:
            await conn.execute(sa.insert(instances), [instance for instance, _ in made])
            await conn.execute(sa.insert(instance_targets), [clock for _, clocks in made for clock in clocks])


async def best_of(ask: Callable[[], Awaitable[Any]]) -> float:
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        await ask()
        took.append(time.perf_counter() - started)
    return min(took)


def questions(store: Store, period: Period) -> dict[str, Callable[[], Awaitable[Any]]]:
    scope = Scope("default", Kind.SLA)
    narrow = Scope("default", Kind.SLA, policy_id="sla_7")
    days, hours = buckets(period, Granularity.DAY), buckets(period, Granularity.HOUR)
    return {
        "summary": lambda: store.analytics.summary(scope, period, NOW),
        "summary of one policy": lambda: store.analytics.summary(narrow, period, NOW),
        f"trend of {len(days)} days": lambda: store.analytics.trend(scope, days, NOW),
        f"trend of {len(hours)} hours": lambda: store.analytics.trend(scope, hours, NOW),
        "breaches": lambda: store.analytics.breaches(scope, period, NOW, limit=100, offset=0),
    }


async def run(folder: Path) -> None:
    url = f"sqlite:///{folder / 'slakeeper.db'}"
    await asyncio.to_thread(upgrade, url)
    store = Store.open(url)
    await fill(store)
    period = read_period("2026-03-01", "2026-03-30", "Europe/Berlin", NOW)
    for name, ask in questions(store, period).items():
        print(f"{name:<22} {await best_of(ask) * 1000:6.0f} ms")
    await store.close()


def main() -> None:
    with tempfile.TemporaryDirectory(dir=".") as folder:
        asyncio.run(run(Path(folder)))


if __name__ == "__main__":
    main()
