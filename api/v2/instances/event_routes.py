"""`/events`: what happened to tickets, which are named by their own ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Response

from api.http import problems
from api.http.auth import Writer
from api.http.dependencies import Deps
from api.http.idempotency import REPEATABLE, EventIdOfKey
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.instances.event_reading import read_event
from api.v2.instances.event_schemas import EventBody, EventView
from domain.instants import Instant
from service.instances import events
from service.instances.events import Part

router = APIRouter(prefix=f"{V2}/events", tags=["Events"], route_class=JsonRoute)


@router.post(
    "",
    openapi_extra=REPEATABLE,
    response_model=EventView,
    response_model_exclude_unset=True,
    responses={
        202: {"model": EventView, "description": "Durable; one instance at least has not recorded it yet."},
        **problems.documented(400, 401, 403, 404, 413, 415, 422, 503),
    },
    summary="Something happened to a ticket",
)
async def take_event(
    body: EventBody, owner: Writer, deps: Deps, derived_id: EventIdOfKey, response: Response
) -> dict[str, Any]:
    """The event goes to every instance of the subject, also to finished ones. An unknown subject is opened first if the
    event has its `ticket`, and is 404 otherwise; for a known subject the ticket is ignored. The same `event_id` counts
    once. Where it is left out, it is made of the `Idempotency-Key`, if there is one."""
    event = read_event(body.given(), owner, derived_id, deps.now())
    parts = await events.take_event(deps, owner.organization, event)
    answer = _view(event.event_id, parts, deps.now())
    response.status_code = 202 if answer["status"] == "accepted" else 200
    return answer


def _view(event_id: str, parts: Sequence[Part], now: Instant) -> dict[str, Any]:
    shown = [_part(part, now) for part in parts]
    applied = "applied" if all(part.applied for part in parts) else "accepted"
    return {"event_id": event_id, "status": applied if parts else "untracked", "instances": shown}


def _part(part: Part, now: Instant) -> dict[str, Any]:
    status = "applied" if part.applied else "accepted"
    view = {"id": str(part.instance), "kind": part.instance.kind, "status": status}
    return view if part.found is None else {**view, "instance": part.found.view(now)}
