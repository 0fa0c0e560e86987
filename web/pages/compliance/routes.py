"""`/compliance`: how promises were kept over some days, and over a month to print."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from service.analytics.rows import SUMMARY_COLUMNS, TREND_COLUMNS, summary_rows
from service.dependencies import Dependencies
from web.http.access import Deps, Reader, Visitor
from web.http.fragments import is_fragment
from web.http.page_route import PageRoute
from web.http.rendering import page, render
from web.live.hub import Hub
from web.pages.compliance import reading, view
from web.pages.compliance.filters import ComplianceFilters, ComplianceQuery, MonthQuery
from web.pages.reports.exports import csv_file, file_name

router = APIRouter(route_class=PageRoute)

AT_MOST_EVERY_SECONDS = 15
"""A browser fetches the figures again with a change, and no sooner than so long after that: a year of many tickets
takes half a second to count."""


@router.get("/compliance")
async def show_compliance(request: Request, visitor: Reader, deps: Deps, query: ComplianceQuery) -> Response:
    if is_fragment(request):
        return HTMLResponse(await _shared(request, visitor, deps, query), headers={"Vary": "HX-Request"})
    found = await reading.find(deps, visitor, query)
    shown = view.page_of(found, query, deps.now(), visitor.zone)
    return await page(
        request,
        "compliance/page.html",
        board=shown,
        filters=query,
        choices=found.choices,
        seconds=AT_MOST_EVERY_SECONDS,
    )


async def _shared(request: Request, visitor: Visitor, deps: Dependencies, query: ComplianceFilters) -> str:
    hub: Hub = request.app.state.live

    async def make() -> str:
        found, now = await reading.find(deps, visitor, query), deps.now()
        return render(request, "compliance/board.html", now, board=view.page_of(found, query, now, visitor.zone))

    return await hub.once(visitor.organization, ("compliance", query), make)


@router.get("/compliance/month")
async def show_month(request: Request, visitor: Reader, deps: Deps, query: MonthQuery) -> Response:
    now = deps.now()
    found = await reading.find_month(deps, visitor, query, now)
    shown = view.month_of(found, query, now, visitor.zone)
    return await page(request, "compliance/month.html", board=shown, filters=query, choices=found.choices)


@router.get("/compliance/summary.csv")
async def export_summary(visitor: Reader, deps: Deps, query: ComplianceQuery) -> Response:
    _, period, summary = await reading.summarized(deps, visitor, query)
    return csv_file(file_name("compliance", period), SUMMARY_COLUMNS, summary_rows(summary))


@router.get("/compliance/trend.csv")
async def export_trend(visitor: Reader, deps: Deps, query: ComplianceQuery) -> Response:
    found = await reading.find(deps, visitor, query)
    return csv_file(file_name("trend", found.period), TREND_COLUMNS, (dict(one) for one in found.trend))
