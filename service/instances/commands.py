"""Commanding instances, for every dialect: independent of the form of request and answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from domain.errors import Unavailable
from domain.plan.resets import require_known_clock
from service.dependencies import Dependencies
from service.instances.effects import CommandResult, effect
from service.instances.planned_events import tell_planned
from service.instances.reading.views import find_instance, require_instance_id, unknown
from service.instances.signals import Signal, stamped


async def command_instance(
    deps: Dependencies, organization: str, instance_id: str, name: str, payload: Mapping[str, Any]
) -> CommandResult:
    """Tell an instance, durably, and wait a moment for its record. Raises NotFound, InvalidValue, Unavailable."""
    require_instance_id(instance_id)
    signal = Signal(name, stamped(payload, deps.now()))
    return await tell(deps, organization, instance_id, signal)


async def tell(deps: Dependencies, organization: str, instance_id: str, signal: Signal) -> CommandResult:
    """Tell an instance something, together with its plan or as a signal; raises as `command_instance` does."""
    since = asyncio.get_running_loop().time()
    if (taken := await tell_planned(deps, organization, instance_id, signal)) is not None and taken.found is not None:
        event = taken.event
        return CommandResult(event.event_id, taken.found, applied=True, occurred_at=event.occurred_at)
    if taken is None:
        await send(deps, organization, instance_id, signal)
    return await effect(deps, organization, instance_id, signal, since=since)


async def require_clock(deps: Dependencies, organization: str, instance_id: str, target: str) -> None:
    """Raises NotFound for an unknown instance, InvalidValue for a clock that it does not have, with those it has.

    While the instance cannot be read its workflow says so: it sets such a reset aside.
    """
    with suppress(Unavailable):
        found = await find_instance(deps, organization, instance_id)
        require_known_clock(found.snapshot, found.plan, target)


async def send(deps: Dependencies, organization: str, instance_id: str, signal: Signal) -> None:
    """Raises NotFound for an instance that is neither running nor in the store."""
    if await deps.engine.signal(organization, instance_id, signal.name, signal.message):
        return
    if not await revive(deps, organization, instance_id, signal):
        raise unknown(instance_id)


async def revive(deps: Dependencies, organization: str, instance_id: str, signal: Signal | None) -> bool:
    """Have the instance run and send it the signal, whether it was finished or not.

    False if the store does not have the instance.

    Without a signal an instance that is over stays over, and any other runs.
    """
    stored = await deps.store.instances.get(organization, instance_id)
    if stored is None:
        return False
    if signal is not None:
        await deps.engine.revive(stored.snapshot, signal.name, signal.message)
    elif stored.closed_at is None:
        await deps.engine.revive(stored.snapshot)
    return True
