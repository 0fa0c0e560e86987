"""Taking an organization away: its workflows, then its rows, until neither Temporal nor the store has any."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from service.concurrency import all_settled
from service.dependencies import Dependencies

AT_ONCE = 8
CLEAN_LOOKS = 2
"""A worker may still write what it has begun, and what compares store and Temporal may start what it missed."""
PAUSE_SECONDS = 1.0


async def remove_organization(deps: Dependencies, organization: str, pause: float = PAUSE_SECONDS) -> None:
    """Take away an organization with all that it has, for good. Done again after it broke off, it is completed.

    Its keys should be revoked before, so that nobody adds to it meanwhile. Raises Unavailable.
    """
    instances: set[str] = set()
    clean = 0
    while clean < CLEAN_LOOKS:
        instances |= {one async for one in deps.store.removal.instances(organization)}
        erased = await _erase(deps, organization, instances)
        erased += await deps.engine.erase_all(organization)
        swept = await deps.store.removal.sweep(organization)
        clean = 0 if erased or swept else clean + 1
        if clean < CLEAN_LOOKS:
            await asyncio.sleep(pause)
    await deps.store.removal.finish(organization)


async def _erase(deps: Dependencies, organization: str, instances: Iterable[str]) -> int:
    turns = asyncio.Semaphore(AT_ONCE)

    async def erase(instance_id: str) -> bool:
        async with turns:
            return await deps.engine.erase(organization, instance_id)

    return sum(await all_settled(erase(one) for one in instances))
