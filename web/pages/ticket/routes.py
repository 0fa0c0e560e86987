"""`/tickets/{id}`: one ticket."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from service.instances.views import find_instance
from web.http.access import Deps, Reader
from web.http.page_route import PageRoute
from web.http.rendering import page

router = APIRouter(route_class=PageRoute)


@router.get("/tickets/{instance_id}")
async def show_ticket(request: Request, instance_id: str, visitor: Reader, deps: Deps) -> Response:
    found = await find_instance(deps, visitor.organization.id, instance_id)
    return await page(request, "ticket/page.html", ticket=found.view(deps.now()))
