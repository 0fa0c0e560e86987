"""`/instances/{id}/explain`: why an instance stands where it stands, as JSON or as text."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.http import problems
from api.http.auth import Reader
from api.http.dependencies import Deps
from api.http.negotiation import VARY, prefers
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.instances.explain.examples import EXPLANATION, TEXT
from api.v2.instances.explain.schemas import ExplainFormat, ExplainQuery, ExplanationView
from domain.explaining import Explanation
from domain.explaining.text import explanation_text
from domain.explaining.view import explanation_view
from service.instances.reading import history

PLAIN = "text/plain"

Id = Annotated[str, Path(examples=[EXPLANATION["id"]])]

router = APIRouter(prefix=f"{V2}/instances", tags=["Instances"], route_class=JsonRoute)


@router.get(
    "/{instance_id}/explain",
    response_model=ExplanationView,
    response_model_exclude_unset=True,
    responses={
        200: {
            "description": "JSON, or lines for people for a client that prefers plain text.",
            "content": {PLAIN: {"schema": {"type": "string"}, "example": TEXT}},
        },
        **problems.documented(401, 403, 404, 422, 503),
    },
    summary="Explain where every second of an instance went",
)
async def explain_instance(
    instance_id: Id,
    query: Annotated[ExplainQuery, Query()],
    owner: Reader,
    deps: Deps,
    request: Request,
    response: Response,
) -> Any:
    """The `seconds` of a clock's segments add up to its time on the wall, their `counted_seconds` to what it has
    used."""
    explained = await history.explain_instance(deps, owner.organization, instance_id, query.as_of, query.segments)
    if _as_text(request, query.format):
        home = (await deps.store.organizations.get(owner.organization)).timezone
        return await asyncio.to_thread(_text_response, explained, home)
    response.headers.update(VARY)
    return await asyncio.to_thread(explanation_view, explained)


def _as_text(request: Request, shape: ExplainFormat | None) -> bool:
    return prefers(request, PLAIN) if shape is None else shape is ExplainFormat.TEXT


def _text_response(explained: Explanation, home: str) -> Response:
    text = explanation_text(explained, home).encode()
    return Response(text, media_type=f"{PLAIN}; charset=utf-8", headers=VARY)
