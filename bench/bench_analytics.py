"""Analytics on SQLite: 100,000 clocks of one month, as many of the month before: `python bench/bench_analytics.py`.

The baseline, `from plans`, is what an engine without rows of outcomes does: read the plan of every instance of the time
and count. Both run in turn in the same process; the table shows medians and their ratio.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
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
from domain.plans import Plan
from domain.policies import Policy, TargetRule
from domain.snapshot import Snapshot
from domain.status import met
from domain.tickets import Ticket
from store.analytics_queries import Scope
from store.migrate import upgrade
from store.store import Store
from store.tables import instance_targets, instances
from store.types import moment

TICKETS = 100_000
AT_ONCE = 5_000
ROUNDS = 3
BASELINE = "from plans"
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
    instance |= {
        "plan_digest": "-",
        "ongoing": False,
        "snapshot_sequence": 1,
        "snapshot": snapshot,
        "plan": planned,
        "recorded_at": moment(at),
    }
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
        clocks = [clock for _, of_one in made for clock in of_one]
        await store.database.write(partial(insert, [instance for instance, _ in made], clocks))


def insert(rows: list[Any], clocks: list[Any], conn: sa.Connection) -> None:
    conn.execute(sa.insert(instances), rows)
    conn.execute(sa.insert(instance_targets), clocks)


async def from_plans(store: Store, period: Period) -> dict[str, int]:
    """The baseline: outcomes by type of target, from the documents."""
    opened = instances.c.opened_at
    these = sa.select(instances.c.plan).where(opened >= moment(period.start), opened < moment(period.end))
    counts: Counter[str] = Counter()

    def count(conn: sa.Connection) -> None:
        for document in conn.scalars(these):
            for target in Plan.from_json(document).targets:
                counts[f"{target.type} {met(target, NOW)}"] += 1

    await store.database.read(count)
    return counts


async def timed(ask: Callable[[], Awaitable[Any]]) -> float:
    started = time.perf_counter()
    await ask()
    return time.perf_counter() - started


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
    asked = questions(store, period)
    took: dict[str, list[float]] = {name: [] for name in (BASELINE, *asked)}
    for _ in range(ROUNDS):
        took[BASELINE].append(await timed(lambda: from_plans(store, period)))
        for name, ask in asked.items():
            took[name].append(await timed(ask))
    baseline = statistics.median(took[BASELINE])
    for name, times in took.items():
        median = statistics.median(times)
        print(f"{name:<22} {median * 1000:6.0f} ms   {baseline / median:6.1f} x {BASELINE}")
    await store.close()


def main() -> None:
    with tempfile.TemporaryDirectory(dir=".") as folder:
        asyncio.run(run(Path(folder)))


if __name__ == "__main__":
    main()
