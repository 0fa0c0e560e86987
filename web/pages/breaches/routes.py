"""`/breaches`: which promises were broken, newest first, and when in the week; live."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from service.analytics.rows import BREACH_COLUMNS, HEATMAP_COLUMNS, heatmap_rows
from service.dependencies import Dependencies
from web.http.access import Deps, Reader, Visitor
from web.http.fragments import is_fragment
from web.http.page_route import PageRoute
from web.http.rendering import page, render
from web.live.hub import Hub
from web.pages.breaches import reading, view
from web.pages.breaches.filters import BreachFilters, BreachQuery
from web.pages.reports.exports import csv_file, file_name, long_csv_file

router = APIRouter(route_class=PageRoute)


@router.get("/breaches")
async def show_breaches(request: Request, visitor: Reader, deps: Deps, query: BreachQuery) -> Response:
    if is_fragment(request):
        return HTMLResponse(await _shared(request, visitor, deps, query), headers={"Vary": "HX-Request"})
    found = await reading.find(deps, visitor, query)
    shown = view.page_of(found, query, deps.now(), visitor.zone)
    return await page(request, "breaches/page.html", board=shown, filters=query, choices=found.choices)


async def _shared(request: Request, visitor: Visitor, deps: Dependencies, query: BreachFilters) -> str:
    hub: Hub = request.app.state.live

    async def make() -> str:
        found, now = await reading.find(deps, visitor, query), deps.now()
        return render(request, "breaches/board.html", now, board=view.page_of(found, query, now, visitor.zone))

    # Who may write has a link more in each row.
    return await hub.once(visitor.organization, ("breaches", query, visitor.may_write), make)


@router.get("/breaches/breaches.csv")
async def export_breaches(visitor: Reader, deps: Deps, query: BreachQuery) -> Response:
    scope, period = await reading.asked(deps, visitor, query)
    rows = reading.every(deps, scope, period, excused=bool(query.excused))
    return await long_csv_file(file_name("excused" if query.excused else "breaches", period), BREACH_COLUMNS, rows)


@router.get("/breaches/heatmap.csv")
async def export_heatmap(visitor: Reader, deps: Deps, query: BreachQuery) -> Response:
    weeks, period = await reading.weeks(deps, visitor, query)
    return csv_file(file_name("hours-of-the-week", period), HEATMAP_COLUMNS, heatmap_rows(weeks))
