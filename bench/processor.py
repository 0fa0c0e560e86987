"""CPU time of a life: that of the server, the worker and, over REST, the API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import psutil

from bench.figures import Figure, median
from bench.lives import Life, bare, by_signals, over_rest, paced
from bench.rig import Rig, cpu_seconds

ROUNDS = 3
LIVES = 40
A_SECOND = 5
PAUSE_SECONDS = 1.0
SETTLING_SECONDS = 2.0
IDLE_SECONDS = 4.0


async def measure(rig: Rig) -> Sequence[Figure]:
    engine = await rig.engine()
    parts = engine.parts
    kinds: dict[str, tuple[Life, tuple[psutil.Process, ...]]] = {
        "bare": (bare(engine), (parts.server, parts.bare)),
        "signals": (by_signals(engine), (parts.server, parts.worker)),
        "rest": (over_rest(engine), (parts.server, parts.worker, parts.api)),
    }
    found: dict[str, list[float]] = {name: [] for name in kinds}
    for live, processes in kinds.values():
        await of_a_life(live, processes, lives=A_SECOND)
    for _ in range(ROUNDS):
        for name, (live, processes) in kinds.items():
            found[name].append(await of_a_life(live, processes) * 1000)
    least, signals, rest = (median(found[name]) for name in kinds)
    return [
        Figure("CPU of a life by signals, against bare", signals, "ms", least, "1.6x"),
        Figure("CPU of a life over REST with the API, against one by signals", rest, "ms", signals, "1.3x"),
    ]


async def of_a_life(live: Life, processes: Sequence[psutil.Process], lives: int = LIVES) -> float:
    """Seconds, without what the processes take when nothing happens."""
    idle_before = cpu_seconds(*processes)
    await asyncio.sleep(IDLE_SECONDS)
    idle = (cpu_seconds(*processes) - idle_before) / IDLE_SECONDS
    before, began = cpu_seconds(*processes), time.monotonic()
    await paced(live, lives, A_SECOND, PAUSE_SECONDS)
    await asyncio.sleep(SETTLING_SECONDS)
    return (cpu_seconds(*processes) - before - idle * (time.monotonic() - began)) / lives
