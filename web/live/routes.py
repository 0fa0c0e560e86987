"""`/live`: the stream of news of an organization, with the lamp as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from service.dependencies import Dependencies
from web.http.access import Reader
from web.http.page_route import PageRoute
from web.http.rendering import render
from web.live.hub import LAMP, Hub

router = APIRouter(route_class=PageRoute)

RETRY_MILLIS = 3000


@router.get("/live")
async def listen(request: Request, visitor: Reader) -> Response:
    """Server-sent events. A session that has ended is noticed when the browser connects again."""
    hub: Hub = request.app.state.live
    return StreamingResponse(
        _stream(request, hub, visitor.organization.id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(request: Request, hub: Hub, organization: str) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MILLIS}\n\n"
    async for what in hub.news(organization):
        yield event(what, _lamp(request) if what == LAMP else "") if what else ": still here\n\n"


def _lamp(request: Request) -> str:
    # It comes along: while the store is away nobody could fetch it.
    deps: Dependencies = request.app.state.dependencies()
    return render(request, "lamp.html", deps.now())


def event(name: str, data: str) -> str:
    """One server-sent event; each line of its data is a line of the stream."""
    return f"event: {name}\n" + "".join(f"data: {line}\n" for line in data.splitlines() or [""]) + "\n"
