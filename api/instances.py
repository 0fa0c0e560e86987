"""What every dialect does with instances: open, find, command; independent of the shape of request and answer."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from api.dependencies import Dependencies
from domain.errors import EngineUnavailable, InvalidValue, NotFound, StoreUnavailable
from domain.events import FUTURE_TOLERANCE, Event, EventKind
from domain.ids import InstanceId
from domain.instants import Instant, parse, render
from domain.ledger import Ledger
from domain.planning import plan
from domain.plans import Plan
from domain.records import first_record
from domain.snapshot import Snapshot
from domain.status import InstanceStatus
from domain.tickets import Ticket
from domain.views import instance_view
from store.instances import StoredInstance

SOURCE = "api"

FIRST_ROW_SECONDS = 1.0

log = logging.getLogger(__name__)


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
class Untracked:
    """No policy applies, or the one that does promises nothing for this priority."""

    ticket: Ticket
    policy_id: str | None

    def view(self) -> dict[str, Any]:
        instance = self.ticket.instance
        return {
            "id": None,
            "policy_id": self.policy_id,
            f"{instance.subject_type}_id": instance.subject,
            "kind": instance.kind.value,
            "priority": self.ticket.priority,
            "status": InstanceStatus.UNTRACKED.value,
            "targets": {},
        }


@dataclass(frozen=True, slots=True)
class Opened:
    sighting: Sighting
    created: bool


@dataclass(frozen=True, slots=True)
class Commanded:
    """`sighting` is the latest known state; whether it shows the event already is `applied`."""

    event_id: str
    sighting: Sighting | None
    applied: bool


def seen_in_store(stored: StoredInstance) -> Sighting:
    return Sighting(stored.snapshot, stored.plan, stored.ledger, "store")


def mint_event_id() -> str:
    return f"evt_{uuid.uuid4().hex}"


def occurred_at(text: str | None, now: Instant) -> Instant:
    """Raises InvalidValue for an instant more than five minutes ahead."""
    at = now if text is None else parse(text, "occurred_at")
    if at > now + FUTURE_TOLERANCE:
        raise InvalidValue("occurred_at", text, "must not lie more than five minutes ahead")
    return at


async def open_instance(deps: Dependencies, organization: str, ticket: Ticket, when: str | None) -> Opened | Untracked:
    """Start an instance for a ticket, or find the one it has. Raises Unavailable when either side does not answer."""
    now = deps.now()
    opened_at = occurred_at(when, now)
    known = await deps.store.opening(organization, str(ticket.instance))
    if known.existing is not None:
        return Opened(seen_in_store(known.existing), created=False)
    snapshot = known.catalog.snapshot(ticket, deps.tzdata_version)
    if snapshot is None or not snapshot.targets:
        return Untracked(ticket, None if snapshot is None else snapshot.policy.id)
    opened = Event(EventKind.OPENED, mint_event_id(), opened_at, now, source=SOURCE)
    return await _start(deps, snapshot, opened)


async def find_instance(deps: Dependencies, organization: str, instance_id: str) -> Sighting:
    """The workflow's word, else the store's. Raises NotFound, or Unavailable when neither can say."""
    _require_instance_id(instance_id)
    if (state := await deps.engine.state(organization, instance_id)) is not None:
        return Sighting(state.snapshot, state.plan, state.ledger, "workflow")
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
    _require_instance_id(instance_id)
    message = stamped(payload, deps.now())
    await _send(deps, organization, instance_id, signal, message)
    event_id = message["event_id"]
    state = await deps.engine.state_with(organization, instance_id, event_id)
    if state is None:
        return Commanded(event_id, None, applied=False)
    if event_id in state.refused and event_id not in state.applied:
        raise InvalidValue("event_id", event_id, state.refused[event_id])
    sighting = Sighting(state.snapshot, state.plan, state.ledger, "workflow")
    return Commanded(event_id, sighting, applied=event_id in state.applied)


def stamped(payload: Mapping[str, Any], now: Instant) -> dict[str, Any]:
    """The signal's payload: what was given, plus the id and times that every event has."""
    return {
        **payload,
        "event_id": payload.get("event_id") or mint_event_id(),
        "occurred_at": render(occurred_at(payload.get("occurred_at"), now)),
        "received_at": render(now),
        "source": SOURCE,
    }


async def _start(deps: Dependencies, snapshot: Snapshot, opened: Event) -> Opened:
    planned = plan(snapshot, (opened,))
    if not await deps.engine.start(snapshot, planned, opened):
        facts = snapshot.facts
        return Opened(await find_instance(deps, facts.organization, facts.instance_id), created=False)
    # A store that is slow to take the row keeps nobody waiting: the instance is durable already.
    row = asyncio.create_task(_write_first_row(deps, snapshot, planned, opened))
    deps.background.add(row)
    row.add_done_callback(deps.background.discard)
    await asyncio.wait({row}, timeout=FIRST_ROW_SECONDS)
    return Opened(Sighting(snapshot, planned, (), "workflow"), created=True)


async def _write_first_row(deps: Dependencies, snapshot: Snapshot, planned: Plan, opened: Event) -> None:
    # The workflow writes the same row; doing it here too lets the list show the instance at once.
    try:
        await deps.store.instances.apply(first_record(snapshot.to_json(), planned, opened))
    except Exception as error:  # noqa: BLE001 - the instance is durable already, whatever went wrong here
        log.warning("the first row of %s is left to its workflow: %s", snapshot.facts.instance_id, error)


async def _opening(deps: Dependencies, organization: str, instance_id: str) -> Sighting:
    """An instance that neither a worker nor the store can show, as its workflow was started."""
    start = await deps.engine.opening(organization, instance_id)
    if start is None:
        raise _unknown(instance_id)
    if start.planned is None:
        raise EngineUnavailable("The instance has been started and is not planned yet; try again.")
    return Sighting(*start.planned, "workflow")


async def _send(
    deps: Dependencies, organization: str, instance_id: str, signal: str, message: Mapping[str, Any]
) -> None:
    if await deps.engine.signal(organization, instance_id, signal, message):
        return
    finished = await deps.store.instances.get(organization, instance_id)
    if finished is None:
        raise _unknown(instance_id)
    await deps.engine.revive(finished.snapshot, signal, message)


def _require_instance_id(instance_id: str) -> None:
    try:
        InstanceId.parse(instance_id)
    except InvalidValue:
        raise _unknown(instance_id) from None


def _unknown(instance_id: str) -> NotFound:
    return NotFound(f"There is no instance {instance_id}.", field="instance_id", value=instance_id)
