"""`/tickets/{id}`: one ticket; its record, verified and to keep; and a link to its timeline for others."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from domain.record.chain import verify
from service.dependencies import Dependencies
from service.instances.reading.views import require_instance_id, unknown
from web.http.access import Deps, Reader, Visitor
from web.http.fragments import is_fragment
from web.http.page_route import PageRoute
from web.http.rendering import page
from web.pages.ticket import reading
from web.pages.ticket.events import events_part
from web.pages.ticket.view import ticket_view

router = APIRouter(prefix="/tickets/{instance_id}", route_class=PageRoute)


@router.get("")
async def show_ticket(
    request: Request,
    instance_id: str,
    visitor: Reader,
    deps: Deps,
    as_of: Annotated[str, Query()] = "",
    newer: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """`newer` is how many of the newest events are passed over."""
    found = await reading.find(deps, visitor.organization, instance_id, reading.asked_instant(as_of))
    shown = ticket_view(found, visitor.organization.id, deps.now(), visitor.zone)
    template = "ticket/ticket.html" if is_fragment(request) else "ticket/page.html"
    return await page(request, template, ticket=shown, teams=found.teams, events=events_part(shown, newer))


@router.get("/record")
async def keep_record(instance_id: str, visitor: Reader, deps: Deps) -> Response:
    document = await _record(deps, visitor, instance_id)
    return JSONResponse(document, headers={"Content-Disposition": 'attachment; filename="record.json"'})


@router.get("/verify")
async def verify_record(request: Request, instance_id: str, visitor: Reader, deps: Deps) -> Response:
    document = await _record(deps, visitor, instance_id)
    # Every step's plan is made anew.
    verdict = await asyncio.to_thread(verify, document)
    return await page(request, "ticket/verified.html", id=instance_id, verdict=verdict)


async def _record(deps: Dependencies, visitor: Visitor, instance_id: str) -> dict[str, object]:
    require_instance_id(instance_id)
    document = await deps.store.chains.export(visitor.organization.id, instance_id)
    if document is None:
        raise unknown(instance_id)
    return document
