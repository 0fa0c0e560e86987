"""Taking an organization away: its workflows, then its rows, until neither Temporal nor the store has any."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from domain.errors import SlaError, StoreUnavailable
from service.dependencies import Dependencies
from service.tools.concurrency import all_settled

AT_ONCE = 8
CLEAN_LOOKS = 2
"""A worker may still write what it has begun, and what compares store and Temporal may start what it missed."""
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 10.0
"""Temporal forgets what runs at once, and within a minute or two what has ended."""

log = logging.getLogger(__name__)
_at_work: dict[str, asyncio.Task[None]] = {}
"""By organization. A process that stops waits for none of them: another one goes on with them."""


async def begin_removal(deps: Dependencies, organization: str) -> asyncio.Task[None]:
    """From here on nobody gets into the organization; what it has goes in the task, and is of no consequence to
    whoever asked."""
    await deps.store.removal.begin(organization)
    return _leave_to_itself(deps, organization)


async def resume_removals(deps: Dependencies) -> None:
    """Go on with what a process that stopped had begun; while the store is away, with nothing."""
    with suppress(StoreUnavailable):
        for organization in await deps.store.removal.begun():
            _leave_to_itself(deps, organization)


async def remove_organization(deps: Dependencies, organization: str, pause: float = PAUSE_SECONDS) -> None:
    """Take away an organization with all that it has, for good. Done again after it broke off, it is completed.

    Raises Unavailable.
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
            pause = min(1.5 * pause, LONGEST_PAUSE_SECONDS)
    await deps.store.removal.finish(organization)


def _leave_to_itself(deps: Dependencies, organization: str) -> asyncio.Task[None]:
    if (there := _at_work.get(organization)) is not None and not there.done():
        return there

    async def remove() -> None:
        try:
            await remove_organization(deps, organization)
        except SlaError as error:
            log.warning("organization %s is not taken away yet: %s", organization, error.message)
        finally:
            _at_work.pop(organization, None)

    task = _at_work[organization] = asyncio.create_task(remove())
    return task


async def _erase(deps: Dependencies, organization: str, instances: Iterable[str]) -> int:
    turns = asyncio.Semaphore(AT_ONCE)

    async def erase(instance_id: str) -> bool:
        async with turns:
            return await deps.engine.erase(organization, instance_id)

    return sum(await all_settled(erase(one) for one in instances))
