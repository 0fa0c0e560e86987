"""Making and changing tickets. The clocks are told first; the row changes next, if nobody else changed it meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from api.v1.tickets.clocks import ClocksAnswer, require_engine, start, tell
from api.v1.tickets.enrolling import enrolled
from api.v1.translation.tickets import promised
from domain.errors import InvalidValue, Outdated, Unavailable
from domain.fields import optional_text, require_choice, require_text
from domain.instants import Instant
from domain.policy.priorities import Priority
from domain.scrubbe.ticket_statuses import StatusChange, TicketStatus, transition
from domain.ticket.events import EventKind
from service.dependencies import Dependencies
from service.instances.reading.views import FoundInstance
from service.tools.concurrency import with_retries
from store.instances.tickets import StoredTicket

LONGEST_TITLE = 500
LONGEST_DESCRIPTION = 20_000
FIRST = (TicketStatus.NEW, TicketStatus.OPEN)
UNDONE_BY = {EventKind.OPENED: EventKind.CANCELLED, EventKind.REOPENED: EventKind.RESOLVED}


@dataclass(frozen=True, slots=True)
class TicketWithClocks:
    """A ticket with its clocks; None where it has none, or where they have not been read yet."""

    ticket: StoredTicket
    clocks: FoundInstance | None = None


async def create_ticket(
    deps: Dependencies, organization: str, ticket_id: str, given: Mapping[str, Any]
) -> TicketWithClocks:
    """Creates the ticket as NEW and then opens it. For an id that exists already, only the missing steps are done.

    Raises Unavailable, with the id of the ticket, when it was created and could not be opened.
    """
    wanted = _first_status(given)
    ticket = await _draft(deps, organization, ticket_id, given)
    if wanted is TicketStatus.OPEN and ticket.snapshot is not None:
        await require_engine(deps)
    ticket = await deps.store.tickets.create(organization, ticket)
    if wanted is TicketStatus.NEW or ticket.status is not TicketStatus.NEW:
        return TicketWithClocks(ticket)
    try:
        return await change_ticket(deps, organization, ticket_id, {"status": wanted})
    except Unavailable as error:
        error.field, error.value = "id", ticket_id
        raise


async def change_ticket(
    deps: Dependencies, organization: str, ticket_id: str, given: Mapping[str, Any]
) -> TicketWithClocks:
    """Raises NotFound, Conflict for a status that cannot follow, or Unavailable; the ticket is unchanged in each
    case."""

    async def change() -> TicketWithClocks:
        ticket = await deps.store.tickets.get(organization, ticket_id)
        ticket = await enrolled(deps, organization, ticket)
        return await _change(deps, organization, ticket, given)

    changed = await with_retries(change)
    return replace(changed, ticket=await enrolled(deps, organization, changed.ticket))


async def _change(
    deps: Dependencies, organization: str, ticket: StoredTicket, given: Mapping[str, Any]
) -> TicketWithClocks:
    """Raises Outdated when somebody else has changed the ticket since it was read."""
    changed, answer, kind = replace(ticket, **_words(given)), None, None
    wanted = require_choice(given.get("status", ticket.status), TicketStatus, "status")
    if wanted is not ticket.status:
        kind = transition(ticket.status, wanted)
        at = Instant(max(deps.now(), ticket.history[-1].at))
        answer = await _tell(deps, organization, ticket, kind, StatusChange(wanted, at))
        turn = StatusChange(wanted, answer.at if answer else at)
        changed = replace(changed, history=(*ticket.history, turn))
    if changed == ticket:
        return TicketWithClocks(ticket)
    kept = await deps.store.tickets.change(organization, replace(changed, updated_at=deps.now()))
    if kept is not None:
        return TicketWithClocks(kept, answer.clocks if answer else None)
    if answer is not None and kind is not None:
        await _take_back(deps, organization, ticket, kind, answer.at)
    raise Outdated(f"Ticket {ticket.id} is being changed by others; try again.", field="id", value=ticket.id)


async def _tell(
    deps: Dependencies, organization: str, ticket: StoredTicket, kind: EventKind | None, turn: StatusChange
) -> ClocksAnswer | None:
    if kind is None or ticket.snapshot is None:
        return None
    if kind is EventKind.OPENED:
        return await start(deps, organization, ticket, ticket.snapshot, turn.at)
    return await tell(deps, organization, ticket, kind, turn.status, turn.at)


async def _take_back(deps: Dependencies, organization: str, ticket: StoredTicket, kind: EventKind, at: Instant) -> None:
    """Stops the clocks that we started when somebody else closed the ticket meanwhile without telling them."""
    newest = await deps.store.tickets.get(organization, ticket.id)
    statuses = [turn.status for turn in newest.history]
    if kind in UNDONE_BY and statuses[-2:] == [ticket.status, TicketStatus.CLOSED]:
        await tell(deps, organization, ticket, UNDONE_BY[kind], TicketStatus.CLOSED, at)


async def _draft(deps: Dependencies, organization: str, ticket_id: str, given: Mapping[str, Any]) -> StoredTicket:
    """A new ticket with its promises as of now, if measuring is on."""
    now = deps.now()
    words = {"description": "", "priority": Priority.MEDIUM, **_words({"title": None, **given})}
    history = (StatusChange(TicketStatus.NEW, now),)
    ticket = StoredTicket(id=ticket_id, **words, history=history, created_at=now, updated_at=now)
    if not (await deps.store.ims.get(organization)).sla_enabled:
        return ticket
    catalog = await deps.store.catalog(organization)
    return replace(ticket, snapshot=promised(ticket, catalog, deps.tzdata_version), measured_from=now)


def _first_status(given: Mapping[str, Any]) -> TicketStatus:
    status = require_choice(given.get("status", TicketStatus.NEW), TicketStatus, "status")
    if status not in FIRST:
        raise InvalidValue("status", status.value, f"must be {' or '.join(FIRST)} for a new ticket")
    return status


def _words(given: Mapping[str, Any]) -> dict[str, Any]:
    """The texts that the request gives of a ticket. Raises InvalidValue."""
    words: dict[str, Any] = {}
    if "title" in given:
        words["title"] = require_text(given["title"], "title", LONGEST_TITLE)
    if "description" in given:
        words["description"] = optional_text(given["description"], "description", LONGEST_DESCRIPTION)
    if "priority" in given:
        words["priority"] = require_choice(given["priority"], Priority, "priority")
    return words
