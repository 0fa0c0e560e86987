"""`/`: what is due next, live."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from service.dependencies import Dependencies
from web.http.access import Deps, Reader, Visitor
from web.http.fragments import is_fragment
from web.http.page_route import PageRoute
from web.http.rendering import page, render
from web.live.hub import Hub
from web.pages.due_next import reading, view
from web.pages.due_next.filters import DueNextQuery
from web.pages.due_next.narrowing import DueNextFilters

router = APIRouter(route_class=PageRoute)


@router.get("/")
async def show_due_next(request: Request, visitor: Reader, deps: Deps, query: DueNextQuery) -> Response:
    if is_fragment(request):
        return HTMLResponse(await _shared(request, visitor, deps, query), headers={"Vary": "HX-Request"})
    found, shown = await _shown(visitor, deps, query)
    demo = await reading.demo_offer(deps, visitor.organization, found) if visitor.may_administer else None
    return await page(request, "due_next/page.html", board=shown, filters=query, choices=found.choices, demo=demo)


async def _shared(request: Request, visitor: Visitor, deps: Dependencies, query: DueNextFilters) -> str:
    """What moves is the same for everybody of the organization who looks at it in the same way: it is made once."""
    hub: Hub = request.app.state.live

    async def make() -> str:
        _, shown = await _shown(visitor, deps, query)
        return render(request, "due_next/board.html", deps.now(), board=shown)

    return await hub.once(visitor.organization, ("due next", query), make)


async def _shown(visitor: Visitor, deps: Dependencies, query: DueNextFilters) -> tuple[reading.Found, view.Board]:
    now = deps.now()
    found = await reading.find(deps.store, visitor.organization, query, now)
    return found, view.board_of(found, query, now, visitor.zone)
