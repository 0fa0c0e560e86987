"""Polling for something that takes a moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

# Seconds. An idle worker has an event recorded within a few of the first waits.
FIRST_WAIT = 0.01
LONGEST_WAIT = 0.25
GROWTH = 1.5


async def polls(within: float, longest: float = LONGEST_WAIT) -> AsyncIterator[None]:
    """Yields for each look: at least once, and last after `within` seconds.

    The intervals grow, up to `longest` seconds.
    """
    clock = asyncio.get_running_loop().time
    deadline, wait = clock() + within, FIRST_WAIT
    while True:
        await asyncio.sleep(max(0, min(wait, deadline - clock())))
        yield
        if clock() >= deadline:
            return
        wait = min(wait * GROWTH, longest)
