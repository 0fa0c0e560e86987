"""`/breaches/{id}/excuse`: a breach does not count, or does again; the same signals as over REST, with who and why."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import BaseModel, Field

from domain.errors import NotFound, SlaError
from domain.ticket.excuses import Covers
from service.dependencies import Dependencies
from service.instances.excusing import excuse_instance
from service.instances.reading.views import find_instance
from web.http import notes
from web.http.access import Deps, Visitor, Writer
from web.http.page_route import PageRoute
from web.http.rendering import page
from web.pages.breaches.excusable import excusable
from web.pages.breaches.filters import BreachFilters
from web.pages.sign_in.routes import within

router = APIRouter(prefix="/breaches/{instance_id}", route_class=PageRoute)

EXCUSE, UNDO = "excuse", "excuse:undo"
DONE = {EXCUSE: "Excused: it stays in the record and counts in no rate.", UNDO: "The excuse is taken back."}
LATER = "It is kept, and recorded as soon as a worker answers."
NO_REASON = "Say why: the reason is kept with the excuse."
PLACES = ("/breaches", "/tickets/", "/compliance")


class Which(BaseModel):
    """A promise of the ticket, and where to go back to: to figures or to a ticket, nowhere else."""

    target: Annotated[str, Field(min_length=1, max_length=300)]
    cycle: Annotated[int, Field(ge=1, le=10**6)] = 1
    back: Annotated[str, Field(max_length=4000)] = BreachFilters.PATH

    @property
    def way_back(self) -> str:
        known = within(self.back)
        return known if known.startswith(PLACES) else BreachFilters.PATH


class Said(Which):
    reason: Annotated[str, Field(max_length=1000)] = ""
    covers: Covers = Covers.BREACH


@router.get("/excuse")
async def show_excuse(
    request: Request, instance_id: str, visitor: Writer, deps: Deps, which: Annotated[Which, Query()]
) -> Response:
    found = await find_instance(deps, visitor.organization.id, instance_id)
    shown = excusable(found, which.target, which.cycle, deps.now())
    return await page(request, "breaches/excuse.html", one=shown, instance_id=instance_id, back=which.way_back)


@router.post("/excuse")
async def excuse(
    request: Request, instance_id: str, visitor: Writer, deps: Deps, said: Annotated[Said, Form()]
) -> Response:
    if not said.reason.strip():
        place = {"target": said.target, "cycle": said.cycle, "back": said.way_back}
        here = f"/breaches/{quote(instance_id, safe='')}/excuse?{urlencode(place)}"
        return notes.see_other(request, here, NO_REASON, deps.cipher, deps.now(), kind="fault")
    return await _told(request, deps, visitor, instance_id, EXCUSE, said)


@router.post("/excuse/undo")
async def undo_excuse(
    request: Request, instance_id: str, visitor: Writer, deps: Deps, said: Annotated[Said, Form()]
) -> Response:
    return await _told(request, deps, visitor, instance_id, UNDO, said)


async def _told(
    request: Request, deps: Dependencies, visitor: Visitor, instance_id: str, name: str, said: Said
) -> Response:
    payload: dict[str, Any] = {"actor": visitor.actor, "target": said.target, "cycle": said.cycle}
    if reason := said.reason.strip():
        payload["reason"] = reason
    if name == EXCUSE:
        payload["covers"] = said.covers.value
    try:
        result = await excuse_instance(deps, visitor.organization.id, instance_id, name, payload)
    except NotFound:
        raise
    except SlaError as error:
        return notes.refused(request, said.way_back, error, deps.cipher, deps.now())
    text = DONE[name] if result.applied else f"{DONE[name]} {LATER}"
    return notes.see_other(request, said.way_back, text, deps.cipher, deps.now())
