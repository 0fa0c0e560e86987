"""What is recorded of an instance."""

from __future__ import annotations

import asyncio

from domain.errors import InvalidValue, NotFound, Unavailable
from domain.explaining import RecordedHistory
from domain.instants import Instant, parse, render
from service.dependencies import Dependencies
from service.instances.views import find_instance, require_instance_id


async def find_past(deps: Dependencies, organization: str, instance_id: str) -> RecordedHistory:
    """Raises NotFound, or Unavailable while nothing is recorded."""
    require_instance_id(instance_id)
    loaded = await deps.store.instances.load(organization, instance_id)
    past = None
    if loaded is not None:
        past = RecordedHistory.of(loaded.snapshot, loaded.events, loaded.ledger, loaded.plan, loaded.is_complete)
    if past is None:
        # Raises NotFound for what is not on its way into the store either.
        await find_instance(deps, organization, instance_id)
        raise Unavailable("The instance has been started and its opening is not recorded yet; try again.")
    return past


async def find_past_as_of(
    deps: Dependencies, organization: str, instance_id: str, as_of: str | None
) -> tuple[RecordedHistory, Instant]:
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
