"""What durability costs the store on SQLite: records a second with synchronous FULL and NORMAL, one after another."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from sqlalchemy import event

from domain.catalog import AROUND_THE_CLOCK
from domain.events import Event, EventKind
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import HOUR, parse
from domain.planning import plan
from domain.policies import Policy, TargetRule
from domain.records import Record, first_record
from domain.snapshot import Snapshot
from domain.tickets import Ticket
from store.migrate import upgrade
from store.store import Store

RECORDS = 300
ROUNDS = 3


def opening() -> Record:
    target = TargetRule("target_1", "resolution", None, HOUR)
    ticket = Ticket(InstanceId(Kind.SLA, SubjectType.TICKET, "0"))
    snapshot = Snapshot("default", ticket, Policy("sla_1", "Bench", targets=(target,)), AROUND_THE_CLOCK, "bench")
    at = parse("2026-03-02T09:00:00Z")
    opened = Event(EventKind.OPENED, "opened", at, at)
    return first_record(snapshot.to_json(), plan(snapshot, (opened,)), opened)


async def seconds_for(synchronous: str, folder: Path) -> float:
    url = f"sqlite:///{folder / 'slakeeper.db'}"
    await asyncio.to_thread(upgrade, url)
    store = Store.open(url)
    engine = store.database.engine
    event.listen(engine, "connect", lambda connection, _: connection.execute(f"PRAGMA synchronous = {synchronous}"))
    first = opening()
    started = time.perf_counter()
    for number in range(RECORDS):
        await store.instances.apply(replace(first, instance_id=f"inst_sla_ticket_{number}"))
    took = time.perf_counter() - started
    await store.close()
    return took


def main() -> None:
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for synchronous in ("FULL", "NORMAL"):
            with tempfile.TemporaryDirectory(dir=".") as folder:
                took = asyncio.run(seconds_for(synchronous, Path(folder)))
            best[synchronous] = min(took, best.get(synchronous, took))
    for synchronous, took in best.items():
        print(f"synchronous={synchronous:<7} {RECORDS / took:7.0f} records/s  {took / RECORDS * 1000:6.2f} ms a record")
    print(f"FULL costs {best['FULL'] / best['NORMAL']:.2f} times NORMAL")


if __name__ == "__main__":
    main()
