"""The effect of an event that was sent to an instance: as it is recorded, else as it is expected."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.errors import EngineUnavailable, InvalidValue, StoreUnavailable, Unavailable, WorkingTimeExhausted
from domain.instants import Instant
from domain.plan.planning import plan
from domain.policy.snapshot import Snapshot
from domain.record.ledger import Ledger
from domain.ticket.events import Event, EventKind
from domain.ticket.timeline import ticket_after
from service.dependencies import Dependencies
from service.instances.reading.first_row import find_or_mend
from service.instances.reading.views import FoundInstance, found_in_store
from service.instances.signals import Signal
from store.instances.instances import LoadedInstance, RecordedEvent, RefusedEvent

A_LOOK = 0.1


@dataclass(frozen=True, slots=True)
class CommandResult:
    """`applied` is true once the event is recorded.

    Then `found` is the instance as the store has it, and `occurred_at` that of the event's first arrival, which counts.
    Before, `found` is the instance as it is expected after the event, None if that is not known.
    """

    event_id: str
    found: FoundInstance | None
    applied: bool
    occurred_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class _KnownEvents:
    """The events to which an event that is not recorded yet is added."""

    snapshot: Snapshot
    events: Sequence[Event]
    ledger: Ledger
    recorded_at: Instant | None = None

    def after(self, event: Event) -> FoundInstance:
        """The instance as planned with the event. Raises as `plan` does."""
        others = [one for one in self.events if one.event_id != event.event_id]
        latest = max((one.received_at for one in others), default=event.received_at)
        last = replace(event, received_at=Instant(max(event.received_at, latest + 1)))
        events = [*others, last]
        ticket = ticket_after(self.snapshot.ticket, events)
        return FoundInstance(
            self.snapshot, plan(self.snapshot, events), self.ledger, "planned", self.recorded_at, ticket
        )


def left_to_wait(deps: Dependencies, since: float) -> float:
    """Seconds of `timeouts.applied` that are left, by the clock of the event loop; enough for a look in any case."""
    return max(A_LOOK, deps.timeouts.applied - (asyncio.get_running_loop().time() - since))


async def effect(
    deps: Dependencies,
    organization: str,
    instance_id: str,
    signal: Signal,
    foreseen: FoundInstance | None = None,
    since: float | None = None,
) -> CommandResult:
    """The effect of the signal, waited for as long as `timeouts.applied` says; no worker is waited for longer. `since`
    is when that began, by the clock of the event loop; now by default.

    `foreseen` is the expected instance, if the caller knows it. Raises InvalidValue when the instance has set the event
    aside.
    """
    try:
        within = deps.timeouts.applied if since is None else left_to_wait(deps, since)
        outcome = await _recorded_event(deps, organization, instance_id, signal.event_id, within)
        stored = None if outcome is None else await find_or_mend(deps, organization, instance_id)
    except Unavailable:
        return CommandResult(signal.event_id, foreseen, applied=False)
    if outcome is not None and stored is not None:
        return CommandResult(signal.event_id, found_in_store(stored), applied=True, occurred_at=outcome.occurred_at)
    return CommandResult(
        signal.event_id, foreseen or await _foresee(deps, organization, instance_id, signal), applied=False
    )


async def _recorded_event(
    deps: Dependencies, organization: str, instance_id: str, event_id: str, within: float
) -> RecordedEvent | None:
    outcome = await deps.watch.event_outcome(deps.store.instances, organization, instance_id, event_id, within)
    if isinstance(outcome, RefusedEvent):
        raise InvalidValue("event_id", event_id, outcome.reason)
    return outcome


async def _foresee(deps: Dependencies, organization: str, instance_id: str, signal: Signal) -> FoundInstance | None:
    """The instance as it is expected after the event, None if that is not known. The event is durable either way."""
    try:
        known = await _known_events(deps, organization, instance_id)
    except (StoreUnavailable, EngineUnavailable):
        return None
    event = signal.event(deps.now())
    if known is None or event is None:
        return None
    try:
        return await asyncio.to_thread(known.after, event)
    except (InvalidValue, WorkingTimeExhausted):
        # Alone the event would be set aside, but events that are on their way may still change that.
        return None


async def _known_events(deps: Dependencies, organization: str, instance_id: str) -> _KnownEvents | None:
    """What is recorded; while the opening is not, what the workflow was started with."""
    loaded = await deps.store.instances.load(organization, instance_id)
    if loaded is not None and (recorded := _recorded(loaded)) is not None:
        return recorded
    opening = await deps.engine.opening(organization, instance_id)
    if opening is None or opening.state is None:
        return None
    return _KnownEvents(opening.state.snapshot, opening.events, opening.state.ledger)


def _recorded(loaded: LoadedInstance) -> _KnownEvents | None:
    if loaded.snapshot is None or not any(event.kind is EventKind.OPENED for event in loaded.events):
        return None
    return _KnownEvents(Snapshot.from_json(loaded.snapshot), loaded.events, loaded.ledger, loaded.recorded_at)
