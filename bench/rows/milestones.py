"""Milestones that are due at once, and steadily: how late the notices are, against bare timers that post."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from bench.figures import Figure, percentile
from bench.lives import new_ticket, open_by_start, subject_of
from bench.rig import BARE_QUEUE, HALFWAY_SECONDS, Engine, Rig

AT_ONCE = 500
STEADILY = 300
A_SECOND = 10
OPENED_ABREAST = 16
# Until the last of them is opened and planned.
LEAD_SECONDS = 50.0
PATIENCE_SECONDS = 90.0

Open = Callable[[str, float], Awaitable[None]]
"""Opens a ticket that has one milestone soon, at an instant in seconds of `time.time()`."""


async def measure(rig: Rig) -> Sequence[Figure]:
    engine = await rig.engine()
    burst = f"{AT_ONCE} milestones due in one instant: until the last is delivered"
    steady = f"{A_SECOND} milestones a second: p99 of their lateness"
    late = {
        name: (await _burst(engine, opened), await _steady(engine, opened))
        for name, opened in (("bare", _bare(engine)), ("ours", _ours(engine)))
    }
    return [
        Figure(burst, late["ours"][0], "s", late["bare"][0], "1.5x"),
        Figure(steady, late["ours"][1] * 1000, "ms", late["bare"][1] * 1000, "2x"),
    ]


async def _burst(engine: Engine, opened: Open) -> float:
    return max(await _lateness(engine, opened, [time.time() + LEAD_SECONDS] * AT_ONCE))


async def _steady(engine: Engine, opened: Open) -> float:
    first = time.time() + LEAD_SECONDS * STEADILY / AT_ONCE
    due = [first + number / A_SECOND for number in range(STEADILY)]
    return percentile(await _lateness(engine, opened, due), 99)


async def _lateness(engine: Engine, opened: Open, due: Sequence[float]) -> list[float]:
    """Seconds from when each was due until its notice had come."""
    tickets = {new_ticket(): at for at in due}
    slots = asyncio.Semaphore(OPENED_ABREAST)

    async def one(ticket: str, at: float) -> None:
        async with slots:
            await opened(ticket, at)

    await asyncio.gather(*(one(ticket, at) for ticket, at in tickets.items()))
    subjects = {subject_of(ticket): at for ticket, at in tickets.items()}
    came = await engine.receiver.all_of(subjects, max(due) - time.time() + PATIENCE_SECONDS)
    return [came[subject] - at for subject, at in subjects.items()]


def _ours(engine: Engine) -> Open:
    async def opened(ticket: str, at: float) -> None:
        since = datetime.fromtimestamp(at - HALFWAY_SECONDS, UTC).isoformat()
        await open_by_start(engine.client, ticket, priority="one", occurred_at=since)

    return opened


def _bare(engine: Engine) -> Open:
    async def opened(ticket: str, at: float) -> None:
        body = {"priority": "one", "subject": subject_of(ticket), "at": at}
        await engine.client.start_workflow("BareLife", body, id=f"BareLife/{ticket}", task_queue=BARE_QUEUE)

    return opened
