"""`/demo/run`, `/demo/leave`, `/demo/take-away`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from domain.access.scopes import ADMIN
from domain.errors import Forbidden, SlaError
from service.demo.showing import run_demo, take_away
from web.http import notes, sessions
from web.http.access import Admin, Deps, Visitor, visiting
from web.http.page_route import PageRoute

router = APIRouter(prefix="/demo", route_class=PageRoute)

HOME = "/"
TAKEN = "The demo is taken away, with all of its tickets."
NONE = "There is no demo any more."

AnyVisitor = Annotated[Visitor, Depends(visiting)]


@router.post("/run")
async def run(request: Request, visitor: Admin, deps: Deps) -> Response:
    """Make the demo unless it runs, and show it to this session."""
    try:
        show = await run_demo(deps, visitor.organization)
    except SlaError as error:
        return notes.refused(request, HOME, error, deps.cipher, deps.now())
    answer = RedirectResponse(HOME, 303)
    session = visitor.session.visiting(show.organization, show.key_id)
    sessions.keep(answer, request, session, deps.cipher, deps.now())
    return answer


@router.post("/leave")
async def leave(request: Request, visitor: AnyVisitor, deps: Deps) -> Response:
    """Go home; the demo goes on."""
    answer = RedirectResponse(HOME, 303)
    sessions.keep(answer, request, visitor.session.back(), deps.cipher, deps.now())
    return answer


@router.post("/take-away")
async def remove(request: Request, visitor: AnyVisitor, deps: Deps) -> Response:
    """Take away the demo of whoever asks, and go home."""
    if not visitor.may_run_demos:
        raise Forbidden(f"This API key does not have the scope {ADMIN}.", field="scope", value=ADMIN)
    try:
        was_there = await take_away(deps, (visitor.home or visitor.owner).organization)
    except SlaError as error:
        return notes.refused(request, HOME, error, deps.cipher, deps.now())
    answer = notes.see_other(request, HOME, TAKEN if was_there else NONE, deps.cipher, deps.now())
    sessions.keep(answer, request, visitor.session.back(), deps.cipher, deps.now())
    return answer
