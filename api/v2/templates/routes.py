"""`/templates/{channel}`: get, set, delete, and preview."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from api.http import problems
from api.http.auth import Admin, Reader
from api.http.dependencies import Deps
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.templates.schemas import ChannelName, MessageView, PreviewBody, TemplatesBody, TemplatesView
from domain.instants import render_optional
from service.templates import OwnTemplates

router = APIRouter(prefix=f"{V2}/templates", tags=["Templates"], route_class=JsonRoute)


@router.get(
    "/{channel}",
    response_model=TemplatesView,
    responses=problems.documented(401, 403, 404, 503),
    summary="Get the templates of a channel",
)
async def get_templates(channel: ChannelName, owner: Reader, deps: Deps) -> dict[str, Any]:
    """The organization's own, and the built-in ones beside them."""
    return templates_view(await deps.templates.get(owner.organization, channel))


@router.put(
    "/{channel}",
    response_model=TemplatesView,
    responses=problems.documented(400, 401, 403, 404, 413, 415, 422, 503),
    summary="Set the templates of a channel",
)
async def replace_templates(channel: ChannelName, body: TemplatesBody, owner: Admin, deps: Deps) -> dict[str, Any]:
    """In place of those before. Each is tried with a notice of each type first: what cannot be rendered is refused,
    with its line. Workers use them within seconds."""
    return templates_view(await deps.templates.put(owner.organization, channel, body.parts()))


@router.delete(
    "/{channel}",
    status_code=204,
    responses=problems.documented(401, 403, 404, 503),
    summary="Delete the templates of a channel",
)
async def delete_templates(channel: ChannelName, owner: Admin, deps: Deps) -> None:
    """From then on it speaks in the built-in words."""
    await deps.templates.delete(owner.organization, channel)


@router.post(
    "/{channel}:preview",
    response_model=MessageView,
    responses=problems.documented(400, 401, 403, 404, 413, 415, 422, 503),
    summary="See what templates make of a notice",
)
async def preview_templates(channel: ChannelName, body: PreviewBody, owner: Reader, deps: Deps) -> dict[str, Any]:
    """Of a sample of any type, or of a notice that was sent. Nothing is kept, and nothing is sent."""
    seen = await deps.templates.preview(
        owner.organization,
        channel,
        given=None if body.templates is None else body.templates.parts(),
        type_=body.type,
        notice_id=body.notice_id,
        zone=body.timezone,
    )
    return asdict(seen)


def templates_view(found: OwnTemplates) -> dict[str, Any]:
    return {
        "channel": found.channel,
        "templates": dict(found.own),
        "builtin": dict(found.builtin),
        "updated_at": render_optional(found.updated_at),
    }
