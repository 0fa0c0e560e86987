"""Excuses as they are sent: read, and refused where there is nothing to excuse."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from domain.errors import Conflict, StoreUnavailable
from domain.instants import parse, render
from domain.plan.excuses import covered, require_known_targets
from domain.ticket.events import EXCUSES, Event, EventKind, excuse_of
from service.dependencies import Dependencies
from service.instances.commands import tell
from service.instances.effects import CommandResult
from service.instances.reading.views import require_instance_id
from service.instances.refusals import Refusals
from service.instances.signals import Signal, stamped
from workflows.messages import ALL_SIGNALS


def read_excuse(signal: Signal) -> Event | None:
    """The event of a signal that excuses or takes an excuse back; None of any other. Raises InvalidValue."""
    kind, message = ALL_SIGNALS.get(signal.name), signal.message
    if kind not in EXCUSES:
        return None
    return Event(
        kind,
        signal.event_id,
        parse(message["occurred_at"], "occurred_at"),
        parse(message["received_at"], "received_at"),
        actor=message.get("actor") or "",
        reason=message.get("reason") or "",
        excuse=excuse_of(kind, message),
    )


async def excuse_instance(
    deps: Dependencies, organization: str, instance_id: str, name: str, payload: Mapping[str, Any]
) -> CommandResult:
    """As `command_instance`. Raises InvalidValue for a target that the instance has not, and Conflict for an excuse of
    what has not happened."""
    require_instance_id(instance_id)
    signal = Signal(name, stamped(payload, deps.now()))
    event = read_excuse(signal)
    assert event is not None, "only excuses come here"
    for stored in await Refusals(deps, organization).recorded([instance_id]):
        require_known_targets(stored.snapshot, stored.plan, [event])
        if event.kind is EventKind.EXCUSED and not covered(stored.plan, event):
            await _require_recorded(deps, organization, instance_id, event)
    return await tell(deps, organization, instance_id, signal)


async def _require_recorded(deps: Dependencies, organization: str, instance_id: str, event: Event) -> None:
    """A repetition is answered as the first time, whatever has become of the breach since."""
    with suppress(StoreUnavailable):
        if await deps.store.instances.event_outcome(organization, instance_id, event.event_id) is not None:
            return
    assert event.excuse is not None
    cycle = "" if event.excuse.cycle is None else f"cycle {event.excuse.cycle} of "
    reason = (
        f"By {render(event.occurred_at)} {cycle}{event.excuse.target} had no breach to excuse. "
        "With covers: result a clock that has begun is excused whatever it comes to."
    )
    raise Conflict(reason, field="target", value=event.excuse.target)
