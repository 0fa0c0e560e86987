"""What the 600th event of a ticket costs against its tenth: the wait for its record, and the history it leaves.

And what 600 events cost in batches against one by one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client

from bench.figures import Figure, median
from bench.lives import new_ticket, require, workflow_id
from bench.rig import Engine, Rig

EVENTS = 606
AROUND = 6
EARLY, LATE = 10, 600
BATCH = 100
KINDS: tuple[dict[str, Any], ...] = (
    {"type": "customer_replied"},
    {"type": "paused", "cause": "customer"},
    {"type": "updated", "fields": {"subject": "still broken"}},
    {"type": "resumed", "cause": "customer"},
    {"type": "agent_replied"},
)


async def measure(rig: Rig) -> Sequence[Figure]:
    engine = await rig.engine()
    ticket = new_ticket()
    require(await engine.http.post("/instances", json={"ticket_id": ticket, "priority": "high"}), 201)
    took, grown = [], {}
    for number in range(1, EVENTS + 1):
        near = next((middle for middle in (EARLY, LATE) if abs(number - middle) == AROUND), None)
        if near is not None:
            grown[number - near, near] = await _history(engine.client, workflow_id(ticket))
        began = time.perf_counter()
        await _tell(engine, ticket, number)
        took.append((time.perf_counter() - began) * 1000)
    early, late = (median(took[middle - AROUND : middle + AROUND]) for middle in (EARLY, LATE))
    bytes_early, bytes_late = (
        (grown[AROUND, middle] - grown[-AROUND, middle]) / (2 * AROUND) / 1000 for middle in (EARLY, LATE)
    )
    return [
        Figure("an event of a ticket over REST: its 600th against its tenth", late, "ms", early, "2x"),
        Figure("history of an event: the 600th against the tenth", bytes_late, "kB", bytes_early, "2x"),
        Figure(
            f"{LATE} events of a ticket in batches of {BATCH} against one by one",
            await _in_batches(engine),
            "s",
            sum(took[:LATE]) / 1000,
            "0.2x",
        ),
    ]


async def _in_batches(engine: Engine) -> float:
    """Seconds until all of them are recorded."""
    ticket = new_ticket()
    require(await engine.http.post("/instances", json={"ticket_id": ticket, "priority": "high"}), 201)
    events = [_event(ticket, number) for number in range(1, LATE + 1)]
    began = time.perf_counter()
    for start in range(0, LATE, BATCH):
        answer = await engine.http.post("/events:batch", json={"events": events[start : start + BATCH]})
        require(answer, 200)
    return time.perf_counter() - began


async def _tell(engine: Engine, ticket: str, number: int) -> None:
    require(await engine.http.post("/events", json=_event(ticket, number)), 200, 202)


def _event(ticket: str, number: int) -> dict[str, Any]:
    return {
        **KINDS[number % len(KINDS)],
        "ticket_id": ticket,
        "event_id": f"{ticket}-{number}",
        "occurred_at": datetime.now(UTC).isoformat(),
    }


async def _history(client: Client, id_: str) -> float:
    """Bytes of all its runs so far."""
    total = 0
    run_id: str | None = None
    while True:
        described = await client.get_workflow_handle(id_, run_id=run_id).describe()
        total += described.raw_description.workflow_execution_info.history_size_bytes
        first = await anext(client.get_workflow_handle(id_, run_id=described.run_id).fetch_history_events(page_size=1))
        run_id = first.workflow_execution_started_event_attributes.continued_execution_run_id
        if not run_id:
            return float(total)
