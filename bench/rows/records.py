"""Records a second that the store takes on SQLite, sixteen waiting, against bare rows each in a transaction."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bench.figures import Figure, median
from bench.rig import Rig
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import HOUR, Instant, parse
from domain.plan.planning import plan
from domain.policy.catalog import AROUND_THE_CLOCK
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from domain.policy.targets import TargetRule
from domain.record.records import Record, first_record
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from store.schema.migrate import upgrade
from store.store import Store

RECORDS = 640
ROUNDS = 3
WAITING = 16
OPENED = parse("2026-03-02T09:00:00Z")


def opening(at: Instant = OPENED) -> Record:
    """The first record of an instance with two clocks."""
    rules = tuple(TargetRule(f"target_{type_}", type_, None, HOUR) for type_ in ("first_response", "resolution"))
    ticket = Ticket(InstanceId(Kind.SLA, SubjectType.TICKET, "0"), "high")
    snapshot = Snapshot("default", ticket, Policy("sla_1", "Bench", targets=rules), AROUND_THE_CLOCK, "bench")
    opened = Event(EventKind.OPENED, "opened", at, at)
    return first_record(snapshot.to_json(), plan(snapshot, (opened,)), opened)


async def measure(rig: Rig) -> Sequence[Figure]:
    ours, least = [], []
    for turn in range(ROUNDS):
        ours.append(await _recorded(rig.folder / f"records-{turn}.db"))
        least.append(await asyncio.to_thread(_bare, rig.folder / f"rows-{turn}.db"))
    what = f"records a second, SQLite FULL, {WAITING} waiting, against bare rows one by one"
    return [Figure(what, median(ours), "/s", median(least), "1000/s")]


async def _recorded(file: Path) -> float:
    url = f"sqlite:///{file}"
    await asyncio.to_thread(upgrade, url)
    store = Store.open(url)
    first = opening()
    numbers = iter(range(RECORDS))

    async def one_after_another() -> None:
        for number in numbers:
            await store.instances.apply(replace(first, instance_id=f"inst_sla_ticket_{number}"))

    began = time.perf_counter()
    await asyncio.gather(*(one_after_another() for _ in range(WAITING)))
    rate = RECORDS / (time.perf_counter() - began)
    await store.close()
    return rate


def _bare(file: Path) -> float:
    document = json.dumps(opening().to_json())
    with closing(sqlite3.connect(file, isolation_level=None)) as conn:
        for line in ("PRAGMA journal_mode = wal", "PRAGMA synchronous = full", "CREATE TABLE rows (id, document)"):
            conn.execute(line)
        began = time.perf_counter()
        for number in range(RECORDS):
            conn.execute("BEGIN IMMEDIATE")
            conn.execute("INSERT INTO rows VALUES (?, ?)", (number, document))
            conn.execute("COMMIT")
        return RECORDS / (time.perf_counter() - began)
