"""`/live`: the stream of news of an organization, and the lamp."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from web.http.access import Reader, reading
from web.http.page_route import PageRoute
from web.http.rendering import page
from web.live.hub import Hub

router = APIRouter(route_class=PageRoute)

RETRY_MILLIS = 3000


@router.get("/live")
async def listen(request: Request, visitor: Reader) -> Response:
    """Server-sent events. A session that has ended is noticed when the browser connects again."""
    hub: Hub = request.app.state.live
    return StreamingResponse(
        _stream(hub, visitor.organization.id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(hub: Hub, organization: str) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MILLIS}\n\n"
    async for what in hub.news(organization):
        yield f"event: {what}\ndata: \n\n" if what else ": still here\n\n"


@router.get("/live/lamp", dependencies=[Depends(reading)])
async def show_lamp(request: Request) -> Response:
    return await page(request, "lamp.html", lamp=request.app.state.live.lamp)
