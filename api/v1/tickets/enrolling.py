"""What happens when measuring is switched on: the open tickets are measured from that moment."""

from __future__ import annotations

from dataclasses import replace

from api.v1.tickets.clocks import start, tell
from api.v1.translation.tickets import promised
from domain.errors import WorkingTimeExhausted
from domain.instants import Instant
from domain.policy.snapshot import Snapshot
from domain.scrubbe.ticket_statuses import LIVING, ONGOING, TicketStatus, answered_at, ongoing_since
from domain.ticket.events import EventKind
from service.dependencies import Dependencies
from service.tools.concurrency import all_settled
from store.instances.tickets import StoredTicket
from store.rules.ims import ImsSettings

BATCH = 20


async def enrol_open_tickets(deps: Dependencies, organization: str) -> None:
    """Starts the clocks of every open ticket that came while measuring was off, and gives new tickets their promises.

    Does nothing while measuring is off. Raises Unavailable; another call completes it.
    """
    settings = await deps.store.ims.get(organization)
    while settings.sla_enabled and (found := await deps.store.tickets.unmeasured(organization, BATCH)):
        await all_settled(_enrol(deps, organization, ticket, settings) for ticket in found)


async def enrolled(deps: Dependencies, organization: str, ticket: StoredTicket) -> StoredTicket:
    """The ticket. One that came, or was reopened, while no enrolling ran gets its clocks now."""
    if ticket.measured_from is not None or ticket.status not in LIVING:
        return ticket
    settings = await deps.store.ims.get(organization)
    if not settings.sla_enabled:
        return ticket
    await _enrol(deps, organization, ticket, settings)
    return await deps.store.tickets.get(organization, ticket.id)


async def _enrol(deps: Dependencies, organization: str, ticket: StoredTicket, settings: ImsSettings) -> None:
    """Starts the clocks first. If somebody changes the ticket meanwhile, the next round finds it without clocks
    again."""
    catalog = await deps.store.catalog(organization)
    snapshot, since = promised(ticket, catalog, deps.tzdata_version), _measured_from(ticket, settings)
    if snapshot is not None and ticket.status in ONGOING:
        snapshot = await _run(deps, organization, ticket, snapshot, since)
    changed = replace(ticket, snapshot=snapshot, measured_from=since, updated_at=deps.now())
    kept = await deps.store.tickets.change(organization, changed)
    if kept is None and snapshot is not None and ticket.status in ONGOING:
        await _withdraw_if_over(deps, organization, ticket, since)


async def _run(
    deps: Dependencies, organization: str, ticket: StoredTicket, snapshot: Snapshot, since: Instant
) -> Snapshot | None:
    """What the clocks were started with, perhaps by an earlier attempt; None for a window that cannot be measured."""
    answered = answered_at(ticket.history)
    acknowledged_at = None if answered is None else Instant(max(since, answered))
    try:
        started = await start(deps, organization, ticket, snapshot, since, acknowledged_at)
    except WorkingTimeExhausted:
        return None
    return started.clocks.snapshot


async def _withdraw_if_over(deps: Dependencies, organization: str, ticket: StoredTicket, at: Instant) -> None:
    newest = await deps.store.tickets.get(organization, ticket.id)
    if newest.measured_from is None and newest.status not in LIVING:
        await tell(deps, organization, ticket, EventKind.CANCELLED, TicketStatus.CLOSED, at)


def _measured_from(ticket: StoredTicket, settings: ImsSettings) -> Instant:
    """The later of two instants: when measuring was switched on, and since when the ticket is open."""
    enabled_at = settings.sla_enabled_at or ticket.created_at
    return Instant(max(enabled_at, ongoing_since(ticket.history) or ticket.created_at))
