"""`/sources/{source_id}/bodies`: what a ticket system has sent and what became of it, and trying it once more."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from api.http import problems
from api.http.auth import Reader, Writer
from api.http.dependencies import Deps
from api.http.lists.listing import Asked
from api.http.lists.tables import TableOf, asking
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.sources.schemas import BODY, BodyNumber, BodyPage, BodyRow, BodyView, ReplayedView, SourceId, StateName
from domain.instants import render, render_optional
from store.sources.bodies import LISTED, BodyState, StoredBody

State = Annotated[StateName | None, Query(description="Only those in this state.", examples=["set_aside"])]

_LIST: TableOf[StoredBody] = TableOf(LISTED, BodyRow)
_Part = Annotated[Asked, Depends(asking(LISTED))]

router = APIRouter(prefix=f"{V2}/sources", tags=["Sources"], route_class=JsonRoute)


@router.get(
    "/{source_id}/bodies",
    response_model=BodyPage,
    responses=_LIST.documented(BODY, 401, 403, 404, 422, 503),
    summary="List what a source has sent, newest first",
)
async def list_bodies(
    source_id: SourceId, owner: Reader, part: _Part, deps: Deps, response: Response, state: State = None
) -> Any:
    """With what each body became: its events, or the reason why it means nothing or was set aside. Bodies are kept for
    30 days (`SLA_HOOK_DAYS`).

    As CSV or NDJSON the list is whole unless a `limit` is given.
    """
    await deps.store.sources.get(owner.organization, source_id)
    bodies, wanted = deps.store.hook_bodies, None if state is None else BodyState(state)
    return await _LIST.answer(
        part, response, lambda asked: bodies.list(owner.organization, source_id, asked, wanted), _row
    )


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
