"""`/settings/templates`: the words of each channel, and what they make of a sample."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from domain.record.notices import WITHDRAWN
from domain.record.receivers import TYPES
from web.http.access import Deps, Reader
from web.http.page_route import PageRoute
from web.pages.settings.channels import CHANNELS
from web.pages.settings.shared import settings_page
from web.showing.words import words

router = APIRouter(route_class=PageRoute)
PATH = "/settings/templates"
Text = Annotated[str, Query(max_length=60)]


@router.get(PATH)
async def show_templates(
    request: Request,
    visitor: Reader,
    deps: Deps,
    channel: Text = "email",
    type: Text = "breached",  # noqa: A002 - the name of the field
) -> Response:
    """Raises NotFound for a channel that there is not, and InvalidValue for a type."""
    owner = visitor.organization.id
    found = await deps.templates.get(owner, channel or "email")
    seen = None
    if found.builtin:
        seen = await deps.templates.preview(owner, found.channel, type_=type or "breached", zone=visitor.zone)
    return await settings_page(
        request,
        "templates.html",
        found=found,
        seen=seen,
        channels=[(name, name) for name, _ in CHANNELS],
        types=[(one, words(one)) for one in (*TYPES, WITHDRAWN)],
        type=type or "breached",
    )
