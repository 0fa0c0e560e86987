"""A link to a ticket's clocks for whoever has it, a customer for instance: sealed, expiring, for reading alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from domain.errors import NotFound
from domain.instants import DAY, Instant
from service.instances.reading.views import find_instance
from web.http import tokens
from web.http.access import Deps, Writer, dependencies_of
from web.http.page_route import OPEN_TO_ALL, PageRoute
from web.http.rendering import page
from web.pages.ticket import reading
from web.pages.ticket.view import ticket_view

router = APIRouter(route_class=PageRoute)

PURPOSE = "shared"
MOST_DAYS = 30


@router.post("/tickets/{instance_id}/share")
async def share(
    request: Request,
    instance_id: str,
    visitor: Writer,
    deps: Deps,
    days: Annotated[int, Form(ge=1, le=MOST_DAYS)] = 7,
) -> Response:
    await find_instance(deps, visitor.organization.id, instance_id)
    until = Instant(deps.now() + days * DAY)
    content = {"organization": visitor.organization.id, "key_id": visitor.owner.id, "instance_id": instance_id}
    address = f"/shared/{tokens.sealed(deps.cipher, PURPOSE, content, until)}"
    public = deps.public_url or str(request.base_url).rstrip("/")
    return await page(
        request, "ticket/link.html", id=instance_id, address=address, whole=f"{public}{address}", until=until
    )


@router.get("/shared/{token}", openapi_extra=OPEN_TO_ALL)
async def show_shared(request: Request, token: str) -> Response:
    """404 once it has expired, and once the key of whoever made it is revoked."""
    deps = await dependencies_of(request)
    content = tokens.opened(deps.cipher, PURPOSE, token, deps.now())
    owner = None if content is None else await deps.store.keys.owner(content["organization"], content["key_id"])
    if content is None or owner is None:
        raise NotFound("This link has expired or was taken back; ask whoever sent it for another one.")
    organization = await deps.store.organizations.get(owner.organization)
    found = await reading.find_clocks(deps, organization, content["instance_id"])
    shown = ticket_view(found, organization.id, deps.now(), organization.timezone)
    headers = {"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
    return await page(
        request, "ticket/shared.html", headers=headers, ticket=shown, zone=organization.timezone, visitor=None
    )
