"""Telling the clocks of a ticket. They come first, so that no ticket shows a status that its clocks did not get."""

from __future__ import annotations

from dataclasses import dataclass, replace

from api.v1.translation.tickets import SIGNAL_OF, event_id_of
from domain.instants import Instant, render
from domain.policy.catalog import Catalog
from domain.policy.snapshot import Snapshot
from domain.scrubbe.ticket_statuses import TicketStatus
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from service.dependencies import Dependencies
from service.instances.commands import command_instance
from service.instances.effects import effect
from service.instances.open_ticket import OpeningEvents, TrackedTicket, open_prepared, prepare_start
from service.instances.reading.views import FoundInstance, find_instance
from service.instances.signals import SOURCE, Signal, stamped
from store.instances.open_tickets import Start
from store.instances.tickets import StoredTicket


@dataclass(frozen=True, slots=True)
class ClocksAnswer:
    """The clocks after they were told, and since when that counts: earlier than now, if they had been told before."""

    at: Instant
    clocks: FoundInstance


async def tell(
    deps: Dependencies, organization: str, ticket: StoredTicket, kind: EventKind, status: TicketStatus, at: Instant
) -> ClocksAnswer:
    """Tells the clocks that their ticket turns to the status. Raises EngineUnavailable, InvalidValue."""
    instance_id = str(ticket.instance)
    outcome = await command_instance(deps, organization, instance_id, SIGNAL_OF[kind], _event(ticket, status, at))
    clocks = outcome.found or await find_instance(deps, organization, instance_id)
    return ClocksAnswer(outcome.occurred_at or at, clocks)


async def start(
    deps: Dependencies,
    organization: str,
    ticket: StoredTicket,
    snapshot: Snapshot,
    at: Instant,
    answered_at: Instant | None = None,
) -> ClocksAnswer:
    """Starts the clocks of the ticket, measured by the snapshot; clocks that are there already stay as they are.

    With `answered_at` they learn together with their start that the ticket was acknowledged. Raises Unavailable, and
    WorkingTimeExhausted for a window that cannot be measured.
    """
    event_id = event_id_of(ticket, TicketStatus.OPEN)
    opened = Event(EventKind.OPENED, event_id, at, deps.now(), source=SOURCE)
    acknowledged = None if answered_at is None else _acknowledged(ticket, answered_at, deps.now())
    prepared = prepare_start(deps, snapshot, opened, acknowledged)

    def prepare(catalog: Catalog, _: Ticket) -> Start:
        return replace(prepared, opened=catalog.hushed(opened))

    [outcome] = await open_prepared(deps, organization, [snapshot.ticket], prepare, OpeningEvents(opened, acknowledged))
    assert isinstance(outcome, TrackedTicket), "what is prepared is a start"
    clocks = outcome.found
    if acknowledged is not None:
        foreseen = clocks if outcome.created else None
        clocks = (await effect(deps, organization, str(ticket.instance), acknowledged, foreseen)).found
    clocks = clocks or await find_instance(deps, organization, str(ticket.instance))
    return ClocksAnswer(clocks.plan.opened_at, clocks)


def _acknowledged(ticket: StoredTicket, at: Instant, now: Instant) -> Signal:
    message = stamped(_event(ticket, TicketStatus.ACKNOWLEDGED, at), now)
    return Signal(SIGNAL_OF[EventKind.ACKNOWLEDGED], message)


def _event(ticket: StoredTicket, status: TicketStatus, at: Instant) -> dict[str, str]:
    return {"event_id": event_id_of(ticket, status), "occurred_at": render(at)}


async def clocks_of(deps: Dependencies, organization: str, ticket: StoredTicket) -> FoundInstance | None:
    """The clocks as the store has them; None for a ticket that is not measured."""
    return await find_instance(deps, organization, str(ticket.instance)) if ticket.is_started else None


async def require_engine(deps: Dependencies) -> None:
    """Raises EngineUnavailable while no workflow can be started."""
    await deps.engine.check()
