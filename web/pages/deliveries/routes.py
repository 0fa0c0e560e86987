"""`/deliveries`: the log, live, also as CSV."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from domain.instants import HOUR, Instant
from domain.record.deliveries import DeliveryState
from domain.record.notices import WITHDRAWN
from domain.record.receivers import TYPES
from service.deliveries.asking import COLUMNS
from service.dependencies import Dependencies
from web.http.access import Deps, Reader, Visitor
from web.http.fragments import is_fragment
from web.http.page_route import PageRoute
from web.http.rendering import page
from web.live.hub import Hub
from web.pages.deliveries import actions, reading, view
from web.pages.deliveries.filters import LogFilters, LogQuery
from web.pages.moments import as_typed, typed_instant
from web.pages.reports.choices import with_chosen
from web.pages.reports.exports import long_csv_file
from web.showing.words import words

router = APIRouter(route_class=PageRoute)
CHANNELS = ("log", "webhook", "email", "apprise", "connector")
SAMPLES = [(one, words(one)) for one in (*TYPES, WITHDRAWN)]
LATELY = 24 * HOUR


@router.get("/deliveries")
async def show_deliveries(request: Request, visitor: Reader, deps: Deps, query: LogQuery) -> Response:
    if is_fragment(request):
        return await _moved(request, visitor, deps, query)
    found = await reading.find(deps, visitor, query)
    told = sorted(((id_, one.name) for id_, one in found.names.receivers.items()), key=lambda one: one[1].casefold())
    return await page(
        request,
        "deliveries/page.html",
        log=view.log_of(found, query),
        filters=query,
        states=[state.value for state in DeliveryState],
        channels=with_chosen(((one, one) for one in CHANNELS), next(iter(query.channel), "")),
        receivers=with_chosen(told, next(iter(query.receiver), "")),
        testable=[(id_, name) for id_, name in told if id_.startswith("rcv_")],
        types=SAMPLES,
        times={name: as_typed(typed_instant(getattr(query, name), name, visitor.zone), visitor.zone) for name in TIMES},
        lately=as_typed(Instant(deps.now() - LATELY), visitor.zone),
        here=query.address(),
    )


TIMES = ("since", "until")


async def _moved(request: Request, visitor: Visitor, deps: Dependencies, query: LogFilters) -> Response:
    hub: Hub = request.app.state.live

    async def read() -> reading.Found:
        return await reading.find(deps, visitor, query, with_lateness=False)

    # It is shown to each by itself: its forms have the token of a session.
    found = await hub.once(visitor.organization, ("deliveries", query.address()), read)
    log = view.log_of(found, query)
    return await page(request, "deliveries/board.html", log=log, filters=query, here=query.address())


@router.get("/deliveries/deliveries.csv")
async def export_deliveries(visitor: Reader, deps: Deps, query: LogQuery) -> Response:
    rows = reading.every(deps, visitor, query.narrowed(visitor.zone))
    return await long_csv_file("deliveries.csv", COLUMNS, rows)


router.routes.extend(actions.router.routes)
