"""`/sources`: create, list, get, change, delete, and try a body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from starlette.requests import Request

from api.http import problems
from api.http.auth import Admin, Reader
from api.http.dependencies import Deps
from api.http.lists.collections import Collection
from api.http.lists.listing import Asked
from api.http.lists.tables import asking
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.sources.schemas import (
    SOURCE,
    NewSourceView,
    SourceBody,
    SourceId,
    SourcePage,
    SourcePatch,
    SourceView,
    TriedView,
    TryBody,
)
from domain.instants import parse, render, render_optional
from service.dependencies import Dependencies
from service.hooks import administering
from store.lists.listed import Found, ListPart
from store.sources.bodies import BodyState
from store.sources.sources import LISTED, StoredSource

_Counted = tuple[StoredSource, Mapping[str, int]]
router = APIRouter(prefix=f"{V2}/sources", tags=["Sources"], route_class=JsonRoute)
_SOURCES: Collection[_Counted] = Collection(router, "source_id", LISTED, SourceView)

_Part = Annotated[Asked, Depends(asking(LISTED))]


@_SOURCES.create("Connect a ticket system", NewSourceView, secret=True)
async def create_source(
    body: SourceBody, owner: Admin, deps: Deps, request: Request, response: Response
) -> dict[str, Any]:
    """Paste `url` and the secret into the ticket system. A secret that is left out is made up, and shown in this answer
    only."""
    stored, secret = await administering.create_source(deps, owner.organization, body.given())
    _SOURCES.locate(response, stored.id)
    response.headers["Cache-Control"] = "no-store"
    return {**source_view(stored, {}, request, deps), "secret": secret}


@_SOURCES.page("List sources, oldest first", SourcePage, SOURCE)
async def list_sources(owner: Reader, part: _Part, deps: Deps, request: Request, response: Response) -> Any:
    """As CSV or NDJSON the list is whole unless a `limit` is given."""

    async def find(asked: ListPart) -> Found[_Counted]:
        found = await deps.store.sources.list(owner.organization, asked)
        counts = await deps.store.sources.counts(owner.organization, [one.id for one in found.rows])
        return found.each(lambda one: (one, counts.get(one.id, {})))

    return await _SOURCES.table.answer(part, response, find, lambda one: source_view(*one, request, deps))


@_SOURCES.get("Get a source")
async def get_source(source_id: SourceId, owner: Reader, deps: Deps, request: Request) -> dict[str, Any]:
    return await _view(await deps.store.sources.get(owner.organization, source_id), request, deps)


@_SOURCES.change("Change a source")
async def change_source(
    source_id: SourceId, body: SourcePatch, owner: Admin, deps: Deps, request: Request
) -> dict[str, Any]:
    """Only the fields that are given change. A new `secret` counts beside the one before, until
    `retire_previous_secret`. After a mapping was mended, replay what was set aside."""
    stored = await administering.change_source(deps, owner.organization, source_id, body.given())
    return await _view(stored, request, deps)


@_SOURCES.delete("Delete a source")
async def delete_source(source_id: SourceId, owner: Admin, deps: Deps) -> None:
    """With all that it has sent, also what is still to be interpreted. Its tickets stay."""
    await deps.store.sources.delete(owner.organization, source_id)


@router.post(
    "/{source_id}:try",
    response_model=TriedView,
    responses=problems.documented(400, 401, 403, 404, 413, 415, 422, 503),
    summary="See what a body would become",
)
async def preview_webhook(source_id: SourceId, body: TryBody, owner: Reader, deps: Deps) -> dict[str, Any]:
    """Beside what is remembered of its tickets now. Nothing is kept, and nothing is done."""
    at = deps.now() if body.received_at is None else parse(body.received_at, "received_at")
    text = body.body if isinstance(body.body, str) else json.dumps(body.body)
    return await administering.try_body(deps, owner.organization, source_id, text, body.headers, at)


def _connector(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {"base_url": kept["base_url"], "projects": list(kept.get("projects", ()))}


async def _view(stored: StoredSource, request: Request, deps: Dependencies) -> dict[str, Any]:
    counts = await deps.store.sources.counts(stored.organization, [stored.id])
    return source_view(stored, counts.get(stored.id, {}), request, deps)


def source_view(
    stored: StoredSource, counts: Mapping[str, int], request: Request, deps: Dependencies
) -> dict[str, Any]:
    document = stored.document
    return {
        "id": stored.id,
        "name": document.name,
        "kind": document.kind,
        "url": administering.address_of(deps, stored.id, str(request.base_url)),
        "secrets": len(document.secrets),
        "settings": dict(document.settings or {}),
        "mapping": document.mapping,
        "verify_by": list(document.verify_by),
        "adopt": document.adopt,
        "prefix": document.prefix,
        "enabled": document.enabled,
        "connector": None if document.connector is None else _connector(document.connector),
        "counts": {
            "received": stored.arrivals,
            "refused": stored.refusals,
            **{state.value: counts.get(state.value, 0) for state in BodyState},
        },
        "refused_at": render_optional(stored.refused_at),
        "refusal": stored.refusal or None,
        "created_at": render(stored.created_at),
        "updated_at": render(stored.updated_at),
    }
