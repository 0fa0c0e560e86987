"""`/sources/{source_id}/bodies`: what a ticket system has sent and what became of it, and trying it once more."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.http import problems
from api.http.auth import Reader, Writer
from api.http.dependencies import Deps
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.http.schemas import DEFAULT_LIMIT, Cursor, Limit
from api.v2.sources.schemas import BodyNumber, BodyPage, BodyView, ReplayedView, SourceId, StateName
from domain.instants import render, render_optional
from service.cursors import cursor_of, number_in, place_of
from store.sources.bodies import BodyState, StoredBody

ORDER = "bodies"
State = Annotated[StateName | None, Query(description="Only those in this state.", examples=["set_aside"])]

router = APIRouter(prefix=f"{V2}/sources", tags=["Sources"], route_class=JsonRoute)


@router.get(
    "/{source_id}/bodies",
    response_model=BodyPage,
    responses=problems.documented(401, 403, 404, 422, 503),
    summary="List what a source has sent, newest first",
)
async def list_bodies(
    source_id: SourceId,
    owner: Reader,
    deps: Deps,
    state: State = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """With what each body became: its events, or the reason why it means nothing or was set aside. Bodies are kept for
    30 days (`SLA_HOOK_DAYS`)."""
    await deps.store.sources.get(owner.organization, source_id)
    before = None if cursor is None else number_in(place_of(cursor, ORDER))
    wanted = None if state is None else BodyState(state)
    found, total = await deps.store.hook_bodies.list(owner.organization, source_id, wanted, limit + 1, before)
    shown = [_row(one) for one in found[:limit]]
    following = cursor_of(ORDER, (str(found[limit - 1].arrival),)) if len(found) > limit else None
    return {"data": shown, "total": total, "limit": limit, "next_cursor": following}


@router.get(
    "/{source_id}/bodies/{body}",
    response_model=BodyView,
    responses=problems.documented(401, 403, 404, 422, 503),
    summary="Get what a source has sent",
)
async def get_body(source_id: SourceId, body: BodyNumber, owner: Reader, deps: Deps) -> dict[str, Any]:
    return body_view(await deps.store.hook_bodies.get(owner.organization, source_id, body))


@router.post(
    "/{source_id}/bodies/{body}:replay",
    status_code=202,
    response_model=BodyView,
    responses=problems.documented(401, 403, 404, 409, 422, 503),
    summary="Interpret a body once more",
)
async def apply_body(source_id: SourceId, body: BodyNumber, owner: Writer, deps: Deps) -> dict[str, Any]:
    """Whatever became of it. Events that its tickets have already count once. Refused (409) for a body that waits."""
    return body_view(await deps.store.hook_bodies.replay(owner.organization, source_id, body))


@router.post(
    "/{source_id}:replay",
    status_code=202,
    response_model=ReplayedView,
    responses=problems.documented(401, 403, 404, 503),
    summary="Interpret all that was set aside once more",
)
async def apply_bodies(source_id: SourceId, owner: Writer, deps: Deps) -> dict[str, Any]:
    """After the mapping was mended, in the order of arrival."""
    await deps.store.sources.get(owner.organization, source_id)
    return {"replayed": await deps.store.hook_bodies.replay_set_aside(owner.organization, source_id)}


def body_view(one: StoredBody) -> dict[str, Any]:
    return {**_row(one), "content": one.delivery.body.decode("utf-8", errors="replace")}


def _row(one: StoredBody) -> dict[str, Any]:
    return {
        "body": one.arrival,
        "source_id": one.source_id,
        "received_at": render(one.delivery.received_at),
        "state": one.state.value,
        "reason": one.reason or None,
        "outcomes": [dict(outcome) for outcome in one.outcomes],
        "attempts": one.attempts,
        "retry_at": render_optional(one.retry_at),
        "settled_at": render_optional(one.settled_at),
        "headers": dict(one.delivery.headers),
    }
