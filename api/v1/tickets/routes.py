"""`/tickets`: create, list, get, patch."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.http import problems
from api.http.auth import Reader, Writer
from api.http.dependencies import Deps
from api.http.idempotency import REPEATABLE, EventIdOfKey
from api.http.prefixes import V1
from api.http.requests import JsonRoute
from api.v1.fields import camel_case_fields
from api.v1.tickets import changes
from api.v1.tickets.changes import TicketWithClocks
from api.v1.tickets.clocks import clocks_of
from api.v1.tickets.enrolling import enrolled
from api.v1.tickets.schemas import TicketBody, TicketId, TicketList, TicketPatch, TicketQuery, TicketView
from api.v1.translation.tickets import BREACHED, ID_PREFIX, ticket_view
from domain.errors import EngineUnavailable
from service.dependencies import Dependencies
from store.database.ids import mint

TOTAL = "X-Total-Count"
_COUNTED: dict[str, Any] = {
    "headers": {
        TOTAL: {
            "description": "How many there are in all.",
            "required": True,
            "schema": {"type": "integer", "minimum": 0, "examples": [3]},
        }
    }
}

router = APIRouter(prefix=f"{V1}/tickets", tags=["Scrubbe: tickets"], route_class=JsonRoute)


@router.post(
    "",
    status_code=201,
    openapi_extra=REPEATABLE,
    response_model=TicketView,
    responses=problems.documented(400, 401, 403, 409, 413, 415, 422, 503),
    summary="Create a ticket",
)
async def create_ticket(
    body: TicketBody, owner: Writer, deps: Deps, derived_id: EventIdOfKey, response: Response
) -> dict[str, Any]:
    """The ticket gets the targets of its priority's policy now and keeps them. The timers start when it becomes OPEN.

    After a 503 that names an `id` the ticket exists as NEW. The same request under the same `Idempotency-Key`
    completes it.
    """
    ticket_id = mint(ID_PREFIX) if derived_id is None else f"{ID_PREFIX}_{derived_id.partition('_')[2]}"
    answer = await changes.create_ticket(deps, owner.organization, ticket_id, body.given())
    response.headers["Location"] = f"/api/v1/tickets/{ticket_id}"
    return await _view(deps, owner.organization, answer)


@router.get(
    "",
    response_model=TicketList,
    responses={200: _COUNTED, **problems.documented(401, 403, 422, 503)},
    summary="List tickets, the newest first",
)
async def list_tickets(
    query: Annotated[TicketQuery, Query()], owner: Reader, deps: Deps, response: Response
) -> list[dict[str, Any]]:
    """Read from the store, which follows the timers within a second. A timer whose due has passed is shown as
    breached."""
    now = deps.now()
    found, total = await deps.store.tickets.list(
        owner.organization,
        limit=query.limit,
        offset=query.offset,
        as_of=now,
        status=query.status,
        priority=query.priority,
        breached=None if query.slaBreachType is None else [BREACHED[one] for one in query.slaBreachType],
    )
    response.headers[TOTAL] = str(total)
    return [ticket_view(one.ticket, one.instance, now) for one in found]


@router.get(
    "/{ticketId}",
    response_model=TicketView,
    responses=problems.documented(401, 403, 404, 422, 503),
    summary="Get a ticket",
)
async def get_ticket(ticket_id: TicketId, owner: Reader, deps: Deps) -> dict[str, Any]:
    with camel_case_fields():
        ticket = await deps.store.tickets.get(owner.organization, ticket_id)
    # One that was left behind when measuring was switched on; without Temporal it is shown as it is.
    with suppress(EngineUnavailable):
        ticket = await enrolled(deps, owner.organization, ticket)
    return await _view(deps, owner.organization, TicketWithClocks(ticket))


@router.patch(
    "/{ticketId}",
    response_model=TicketView,
    responses=problems.documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    summary="Change a ticket, or turn it to another status",
)
async def change_ticket(ticket_id: TicketId, body: TicketPatch, owner: Writer, deps: Deps) -> dict[str, Any]:
    """A field that is left out stays as it is. Refused (409) when the status cannot follow the present one.

    The timers learn of a status before the ticket shows it. After a 503 the ticket is unchanged, and the same request
    completes it.
    """
    with camel_case_fields():
        answer = await changes.change_ticket(deps, owner.organization, ticket_id, body.given())
    return await _view(deps, owner.organization, answer)


async def _view(deps: Dependencies, organization: str, answer: TicketWithClocks) -> dict[str, Any]:
    clocks = answer.clocks or await clocks_of(deps, organization, answer.ticket)
    return ticket_view(answer.ticket, clocks, deps.now())
