"""What the clocks of a ticket are told: first, so that no ticket shows a status that they did not get."""

from __future__ import annotations

from dataclasses import dataclass

from api.dependencies import Dependencies
from api.instances import SOURCE, Sighting, command_instance, find_instance, find_recorded
from api.openings import Tracked, open_prepared
from api.v1.translation.tickets import SIGNAL_OF, event_id_of
from domain.events import Event, EventKind
from domain.instants import Instant, render
from domain.planning import plan
from domain.snapshot import Snapshot
from domain.ticket_statuses import TicketStatus
from store.openings import Opening, Start
from store.tickets import StoredTicket


@dataclass(frozen=True, slots=True)
class Told:
    """The clocks as they know it, and since when: earlier than they were told now, if they had been told before."""

    at: Instant
    clocks: Sighting


async def tell(
    deps: Dependencies, organization: str, ticket: StoredTicket, kind: EventKind, status: TicketStatus, at: Instant
) -> Told:
    """That the ticket, which they measure, turns to the status. Raises EngineUnavailable, InvalidValue."""
    instance_id = str(ticket.instance)
    event = {"event_id": event_id_of(ticket, status), "occurred_at": render(at)}
    outcome = await command_instance(deps, organization, instance_id, SIGNAL_OF[kind], event)
    if outcome.sighting is None:
        return Told(at, await find_recorded(deps, organization, instance_id))
    return Told(outcome.occurred_at or at, outcome.sighting)


async def start(deps: Dependencies, organization: str, ticket: StoredTicket, snapshot: Snapshot, at: Instant) -> Told:
    """Have the ticket measured by the snapshot from then on; clocks that there are already stay as they are.

    Raises Unavailable, and WorkingTimeExhausted for a window that nobody can measure.
    """
    event_id = event_id_of(ticket, TicketStatus.OPEN)
    opened = Event(EventKind.OPENED, event_id, at, deps.now(), source=SOURCE)
    opening = Opening(start=Start(snapshot, plan(snapshot, (opened,))))
    [outcome] = await open_prepared(deps, organization, [snapshot.ticket], lambda *_: opening, opened)
    assert isinstance(outcome, Tracked), "what is prepared is a start"
    clocks = outcome.sighting or await find_instance(deps, organization, str(ticket.instance))
    return Told(clocks.plan.opened_at, clocks)


async def clocks_of(deps: Dependencies, organization: str, ticket: StoredTicket) -> Sighting | None:
    """As its workflow tells, else the store; None for a ticket that is not measured."""
    return await find_instance(deps, organization, str(ticket.instance)) if ticket.is_started else None


async def require_engine(deps: Dependencies) -> None:
    """Raises EngineUnavailable while nothing can be started."""
    await deps.engine.check()
