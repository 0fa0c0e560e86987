"""CPU time of a life: that of the server, the worker and, over REST, the API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import psutil

from bench.figures import Figure, median
from bench.lives import Life, bare, by_signals, over_rest, paced, updated_barely, without_the_api
from bench.rig import Rig, cpu_seconds

ROUNDS = 3
LIVES = 15
A_SECOND = 5
PAUSE_SECONDS = 1.0
SETTLING_SECONDS = 1.5
IDLE_SECONDS = 2.0


async def measure(rig: Rig) -> Sequence[Figure]:
    engine = await rig.engine()
    parts = engine.parts
    kinds: dict[str, tuple[Life, tuple[psutil.Process, ...]]] = {
        "bare": (bare(engine), (parts.server, parts.bare)),
        "recorded": (bare(engine, "RecordedLife"), (parts.server, parts.bare)),
        "updated": (updated_barely(engine), (parts.server, parts.bare)),
        "signals": (by_signals(engine), (parts.server, parts.worker)),
        "rest": (over_rest(engine), (parts.server, parts.worker, parts.api)),
        "alone": (without_the_api(engine), (parts.server, parts.worker)),
    }
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in kinds}
    for live, processes in kinds.values():
        await of_a_life(live, processes, lives=A_SECOND)
    for _ in range(ROUNDS):
        for name, (live, processes) in kinds.items():
            found[name].append(await of_a_life(live, processes))
    least, recorded, updated, signals, rest, alone = (median([sum(one) for one in found[name]]) for name in kinds)
    servers = {name: median([one[0] for one in found[name]]) for name in kinds}
    return [
        Figure("CPU of a life by signals, against bare", signals, "ms", least, "1.6x"),
        Figure("- of it the Temporal server's", servers["signals"], "ms", servers["bare"]),
        Figure("- against the least that records", signals, "ms", recorded),
        Figure("- of it the Temporal server's", servers["signals"], "ms", servers["recorded"]),
        Figure("CPU of a life over REST with the API, against one by signals", rest, "ms", signals, "1.3x"),
        Figure("- against bare", rest, "ms", least),
        Figure("- against bare that is told by updates", rest, "ms", updated),
        Figure("- of it the Temporal server's", servers["rest"], "ms", servers["signals"]),
        Figure("CPU of a life started with the ticket alone, against bare", alone, "ms", least),
    ]


async def of_a_life(live: Life, processes: Sequence[psutil.Process], lives: int = LIVES) -> tuple[float, ...]:
    """Milliseconds of each process, without what it takes when nothing happens."""
    before = [cpu_seconds(each) for each in processes]
    await asyncio.sleep(IDLE_SECONDS)
    began, at_first = time.monotonic(), [cpu_seconds(each) for each in processes]
    await paced(live, lives, A_SECOND, PAUSE_SECONDS)
    await asyncio.sleep(SETTLING_SECONDS)
    idle = (time.monotonic() - began) / IDLE_SECONDS
    after = [cpu_seconds(each) for each in processes]
    return tuple(
        (end - first - idle * (first - start)) / lives * 1000
        for start, first, end in zip(before, at_first, after, strict=True)
    )
