"""Looking again and again at something that takes a moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

# Seconds: a worker at leisure has an event recorded within a few of the first waits.
FIRST_WAIT = 0.01
LONGEST_WAIT = 0.25
GROWTH = 1.5


async def polls(within: float, longest: float = LONGEST_WAIT) -> AsyncIterator[None]:
    """A turn for each look, one at least, ever longer apart, the last one after `within` seconds."""
    clock = asyncio.get_running_loop().time
    deadline, wait = clock() + within, FIRST_WAIT
    while True:
        await asyncio.sleep(max(0, min(wait, deadline - clock())))
        yield
        if clock() >= deadline:
            return
        wait = min(wait * GROWTH, longest)
