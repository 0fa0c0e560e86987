"""What is recorded of an instance, as new as its workflow knows it."""

from __future__ import annotations

import asyncio

from api.dependencies import Dependencies
from api.instances import find_instance
from api.states import State
from domain.errors import InvalidValue, NotFound, Unavailable
from domain.explaining import Past
from domain.ids import InstanceId
from store.instances import LoadedInstance

CATCH_UP_SECONDS = 1.0
FIRST_WAIT = 0.02
LONGEST_WAIT = 0.2


async def find_past(deps: Dependencies, organization: str, instance_id: str) -> Past:
    """The events from the store, which is given a moment to catch up with the workflow; all else from the workflow
    where a worker answers for it. Raises NotFound, or Unavailable while nothing is recorded."""
    _require_instance_id(instance_id)
    state = await deps.engine.state(organization, instance_id)
    loaded = await _caught_up(deps, organization, instance_id, state)
    past = None if loaded is None else _past(loaded, state)
    if past is None:
        # Raises NotFound for what is not on its way into the store either.
        await find_instance(deps, organization, instance_id)
        raise Unavailable("The instance has been started and its opening is not recorded yet; try again.")
    return past


async def _caught_up(
    deps: Dependencies, organization: str, instance_id: str, state: State | None
) -> LoadedInstance | None:
    """The newest record once it holds every event that the workflow has applied, else after a moment."""
    clock = asyncio.get_running_loop().time
    deadline, wait = clock() + CATCH_UP_SECONDS, FIRST_WAIT
    while True:
        loaded = await deps.store.instances.load(organization, instance_id)
        if state is None or (loaded is not None and _holds_all(loaded, state)) or clock() + wait > deadline:
            return loaded
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)


def _holds_all(loaded: LoadedInstance, state: State) -> bool:
    return state.applied <= {event.event_id for event in loaded.events}


def _past(loaded: LoadedInstance, state: State | None) -> Past | None:
    recorded = Past.of(loaded.snapshot, loaded.events, loaded.ledger, loaded.plan, loaded.is_complete)
    if recorded is None or state is None:
        return recorded
    # What the workflow has not told of yet would not fit its plan.
    events = tuple(event for event in loaded.events if event.event_id in state.applied)
    is_complete = loaded.is_complete and len(events) == len(state.applied)
    return Past(state.snapshot, events, state.ledger, state.plan, is_complete)


def _require_instance_id(instance_id: str) -> None:
    try:
        InstanceId.parse(instance_id)
    except InvalidValue:
        raise NotFound(f"There is no instance {instance_id}.", field="instance_id", value=instance_id) from None
