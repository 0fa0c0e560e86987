"""What is recorded of an instance, as new as its workflow knows it."""

from __future__ import annotations

import asyncio

from api.dependencies import Dependencies
from api.instances import find_instance, require_instance_id
from api.states import State
from domain.errors import InvalidValue, NotFound, Unavailable
from domain.explaining import Past
from domain.instants import Instant, parse, render
from store.instances import LoadedInstance

FIRST_WAIT = 0.02
LONGEST_WAIT = 0.2


async def find_past(deps: Dependencies, organization: str, instance_id: str) -> Past:
    """The events from the store, which is given a moment to catch up with the workflow; all else from the workflow
    where a worker answers for it. Raises NotFound, or Unavailable while nothing is recorded."""
    require_instance_id(instance_id)
    state = await deps.engine.state(organization, instance_id)
    loaded = await _caught_up(deps, organization, instance_id, state)
    past = None if loaded is None else _past(loaded, state)
    if past is None:
        # Raises NotFound for what is not on its way into the store either.
        await find_instance(deps, organization, instance_id)
        raise Unavailable("The instance has been started and its opening is not recorded yet; try again.")
    return past


async def find_past_as_of(
    deps: Dependencies, organization: str, instance_id: str, as_of: str | None
) -> tuple[Past, Instant]:
    """What was known at an instant (None: what is known now), and the instant.

    Raises InvalidValue for an instant that is none or lies ahead, NotFound also where nothing was known yet.
    """
    now = deps.now()
    instant = now if as_of is None else _past_instant(as_of, now)
    past = await find_past(deps, organization, instance_id)
    known = past if as_of is None else await asyncio.to_thread(past.as_of, instant)
    if known is None:
        reason = f"Nothing was known of instance {instance_id} at {render(instant)}."
        raise NotFound(reason, field="as_of", value=as_of)
    return known, deps.now() if as_of is None else instant


def _past_instant(text: str, now: Instant) -> Instant:
    instant = parse(text, "as_of")
    if instant > now:
        raise InvalidValue("as_of", text, f"must not lie ahead of {render(now)}")
    return instant


async def _caught_up(
    deps: Dependencies, organization: str, instance_id: str, state: State | None
) -> LoadedInstance | None:
    """The newest record once it holds every event that the workflow has applied, else after a moment."""
    clock = asyncio.get_running_loop().time
    deadline, wait = clock() + deps.patience.record, FIRST_WAIT
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
