"""What can be done with a ticket: the same signals as over REST, with who did it and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from domain.errors import NotFound, SlaError
from service.dependencies import Dependencies
from service.instances.commands import command_instance
from web.http import notes
from web.http.access import Deps, Visitor, Writer
from web.http.page_route import PageRoute

router = APIRouter(prefix="/tickets/{instance_id}", route_class=PageRoute)

Text = Annotated[str, Form(max_length=500)]


@router.post("/acknowledge")
async def acknowledge(request: Request, instance_id: str, visitor: Writer, deps: Deps, reason: Text = "") -> Response:
    return await _command(request, deps, visitor, instance_id, "acknowledge", {"reason": reason})


@router.post("/resolve")
async def resolve(request: Request, instance_id: str, visitor: Writer, deps: Deps, reason: Text = "") -> Response:
    return await _command(request, deps, visitor, instance_id, "resolve", {"reason": reason})


async def _command(
    request: Request, deps: Dependencies, visitor: Visitor, instance_id: str, name: str, given: Mapping[str, Any]
) -> Response:
    payload = {"actor": visitor.actor, **{field: value for field, value in given.items() if value not in (None, "")}}
    place = f"/tickets/{instance_id}"
    try:
        result = await command_instance(deps, visitor.organization.id, instance_id, name, payload)
    except NotFound:
        raise
    except SlaError as error:
        return notes.refused(request, place, error, deps.cipher, deps.now())
    return notes.see_other(
        request, place, DONE[name] if result.applied else f"{DONE[name]} {LATER}", deps.cipher, deps.now()
    )


DONE = {"acknowledge": "Acknowledged.", "resolve": "Resolved."}
LATER = "It is kept, and recorded as soon as a worker answers."
