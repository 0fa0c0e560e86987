"""`/`: what is due next, live."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from web.http.access import Deps, Reader
from web.http.page_route import PageRoute
from web.http.rendering import is_fragment, page
from web.pages.due_next import reading, view
from web.pages.due_next.filters import DueNextQuery

router = APIRouter(route_class=PageRoute)


@router.get("/")
async def show_due_next(request: Request, visitor: Reader, deps: Deps, query: DueNextQuery) -> Response:
    now = deps.now()
    found = await reading.find(deps, visitor.organization, query, now)
    shown = view.board_of(found, query, now, visitor.zone)
    template = "due_next/board.html" if is_fragment(request) else "due_next/page.html"
    return await page(request, template, board=shown, filters=query, choices=found.choices)
