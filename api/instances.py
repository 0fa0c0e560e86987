"""What every dialect does with instances there are: find, command; independent of the shape of request and answer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from api.dependencies import Dependencies
from domain.errors import EngineUnavailable, InvalidValue, NotFound, StoreUnavailable
from domain.events import FUTURE_TOLERANCE
from domain.ids import InstanceId
from domain.instants import Instant, parse, parse_optional, render
from domain.ledger import Ledger
from domain.plans import Plan
from domain.snapshot import Snapshot
from domain.views import instance_view
from store.instances import StoredInstance

SOURCE = "api"


@dataclass(frozen=True, slots=True)
class Sighting:
    """An instance as its workflow or the store last told."""

    snapshot: Snapshot
    plan: Plan
    ledger: Ledger
    source: Literal["workflow", "store"]

    def view(self, now: Instant) -> dict[str, Any]:
        return {**instance_view(self.snapshot, self.plan, self.ledger, now), "source": self.source}


@dataclass(frozen=True, slots=True)
class Commanded:
    """`sighting` is the latest known state; whether it shows the event already is `applied`.

    `occurred_at` is what counts for an applied event, that of its first arrival, if it is known.
    """

    event_id: str
    sighting: Sighting | None
    applied: bool
    occurred_at: Instant | None = None


def seen_in_store(stored: StoredInstance) -> Sighting:
    return Sighting(stored.snapshot, stored.plan, stored.ledger, "store")


def mint_event_id() -> str:
    return f"evt_{uuid.uuid4().hex}"


def occurred_at(text: str | None, now: Instant, field: str = "occurred_at") -> Instant:
    """Raises InvalidValue for an instant more than five minutes ahead."""
    at = now if text is None else parse(text, field)
    if at > now + FUTURE_TOLERANCE:
        raise InvalidValue(field, text, "must not lie more than five minutes ahead")
    return at


def require_instance_id(instance_id: str) -> None:
    """Raises NotFound for what names no instance."""
    try:
        InstanceId.parse(instance_id)
    except InvalidValue:
        raise _unknown(instance_id) from None


async def find_instance(deps: Dependencies, organization: str, instance_id: str) -> Sighting:
    """The workflow's word, else the store's. Raises NotFound, or Unavailable when neither can say."""
    require_instance_id(instance_id)
    if (state := await deps.engine.state(organization, instance_id)) is not None:
        return Sighting(state.snapshot, state.plan, state.ledger, "workflow")
    return await find_recorded(deps, organization, instance_id)


async def find_recorded(deps: Dependencies, organization: str, instance_id: str) -> Sighting:
    """The same without asking a worker."""
    try:
        stored = await deps.store.instances.get(organization, instance_id)
    except StoreUnavailable as down:
        try:
            return await _opening(deps, organization, instance_id)
        except NotFound:
            # A finished instance may outlive its workflow in the store.
            raise down from None
    return await _opening(deps, organization, instance_id) if stored is None else seen_in_store(stored)


async def command_instance(
    deps: Dependencies, organization: str, instance_id: str, signal: str, payload: Mapping[str, Any]
) -> Commanded:
    """Send a signal, durably, and wait a moment for its effect. Raises NotFound, InvalidValue, Unavailable."""
    require_instance_id(instance_id)
    message = stamped(payload, deps.now())
    await send(deps, organization, instance_id, signal, message)
    return await effect(deps, organization, instance_id, message["event_id"])


async def send(
    deps: Dependencies, organization: str, instance_id: str, signal: str, message: Mapping[str, Any]
) -> None:
    """Raises NotFound for an instance that is neither running nor in the store."""
    if await deps.engine.signal(organization, instance_id, signal, message):
        return
    if not await revive(deps, organization, instance_id, signal, message):
        raise _unknown(instance_id)


async def revive(
    deps: Dependencies, organization: str, instance_id: str, signal: str, message: Mapping[str, Any]
) -> bool:
    """Whether the store has the instance; it has the signal then, whether it was finished or not."""
    finished = await deps.store.instances.get(organization, instance_id)
    if finished is not None:
        await deps.engine.revive(finished.snapshot, signal, message)
    return finished is not None


async def effect(deps: Dependencies, organization: str, instance_id: str, event_id: str) -> Commanded:
    """What the instance makes of an event that it has, after a moment at most. Raises InvalidValue if it refuses it."""
    state = await deps.engine.state_with(organization, instance_id, event_id)
    if state is None:
        return Commanded(event_id, None, applied=False)
    if event_id in state.refused and event_id not in state.applied:
        raise InvalidValue("event_id", event_id, state.refused[event_id])
    sighting = Sighting(state.snapshot, state.plan, state.ledger, "workflow")
    occurred = parse_optional(state.occurred_at.get(event_id))
    return Commanded(event_id, sighting, applied=event_id in state.applied, occurred_at=occurred)


def stamped(payload: Mapping[str, Any], now: Instant) -> dict[str, Any]:
    """The signal's payload: what was given, plus the id and times that every event has."""
    return {
        **payload,
        "event_id": payload.get("event_id") or mint_event_id(),
        "occurred_at": render(occurred_at(payload.get("occurred_at"), now)),
        "received_at": render(now),
        "source": SOURCE,
    }


async def _opening(deps: Dependencies, organization: str, instance_id: str) -> Sighting:
    """An instance that neither a worker nor the store can show, as its workflow was started."""
    start = await deps.engine.opening(organization, instance_id)
    if start is None:
        raise _unknown(instance_id)
    if start.planned is None:
        raise EngineUnavailable("The instance has been started and is not planned yet; try again.")
    return Sighting(*start.planned, "workflow")


def _unknown(instance_id: str) -> NotFound:
    return NotFound(f"There is no instance {instance_id}.", field="instance_id", value=instance_id)
