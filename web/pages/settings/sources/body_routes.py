"""`/settings/sources/{id}`: what it has sent and what each body became; trying one, and once more."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response

from domain.errors import Conflict, InvalidValue
from domain.fields import require_choice
from service.dependencies import Dependencies
from service.hooks.administering import try_body
from service.tools.documents import MAX_BYTES
from store.sources.bodies import LISTED, BodyState
from store.sources.sources import StoredSource
from web.http import notes
from web.http.access import Deps, Reader, Visitor, Writer
from web.http.faults import SILENT, Faults, faults_of
from web.http.forms import Draft, text
from web.http.page_route import PageRoute
from web.pages.settings.shared import REFUSALS, at_input, part_of, settings_page, typed
from web.pages.settings.sources.routes import ONE, PATH, shown_row
from web.pages.settings.sources.view import became, body_row, documents, headers_in, pretty

router = APIRouter(route_class=PageRoute)
Number = Annotated[int, Path(ge=1, le=2_000_000_000)]
Text = Annotated[str, Query(max_length=2000)]


@router.get(ONE)
async def show_source(
    request: Request, source_id: str, visitor: Reader, deps: Deps, state: Text = "", cursor: Text = ""
) -> Response:
    stored = await deps.store.sources.get(visitor.organization.id, source_id)
    return await _shown(request, visitor, deps, stored, {}, state=state, cursor=cursor)


@router.post(f"{ONE}/try")
async def preview_body(request: Request, source_id: str, visitor: Reader, deps: Deps) -> Response:
    """Beside what is remembered of its tickets now. Nothing is kept, and nothing is done."""
    stored = await deps.store.sources.get(visitor.organization.id, source_id)
    draft = await typed(request)
    try:
        body, headers = text(draft, "body"), headers_in(text(draft, "headers"))
        _require_body(body)
        found = await try_body(deps, visitor.organization.id, source_id, body, headers, deps.now())
    except REFUSALS as error:
        return await _shown(request, visitor, deps, stored, draft, faults_of(error, at_input))
    tried = {**found, "became": list(became(found["outcomes"])), "documents": documents(found["outcomes"])}
    return await _shown(request, visitor, deps, stored, draft, tried=tried)


@router.post(f"{ONE}/replay")
async def replay_set_aside(request: Request, source_id: str, visitor: Writer, deps: Deps) -> Response:
    await deps.store.sources.get(visitor.organization.id, source_id)
    number = await deps.store.hook_bodies.replay_set_aside(visitor.organization.id, source_id)
    said = f"Interpreted once more: {number}." if number else "Nothing was set aside."
    return notes.see_other(request, f"{PATH}/{source_id}", said, deps.cipher, deps.now())


@router.get(f"{ONE}/bodies/{{body}}")
async def show_body(request: Request, source_id: str, body: Number, visitor: Reader, deps: Deps) -> Response:
    owner = visitor.organization.id
    stored = await deps.store.sources.get(owner, source_id)
    found = await deps.store.hook_bodies.get(owner, source_id, body)
    return await settings_page(
        request,
        "sources/body.html",
        source=await shown_row(request, deps, stored),
        row=body_row(found),
        came=dict(found.delivery.headers),
        content=pretty(found.delivery.body.decode("utf-8", errors="replace")),
        documents=documents(found.outcomes),
        waits=found.state is BodyState.STORED,
    )


@router.post(f"{ONE}/bodies/{{body}}/replay")
async def replay_body(request: Request, source_id: str, body: Number, visitor: Writer, deps: Deps) -> Response:
    place = f"{PATH}/{source_id}/bodies/{body}"
    try:
        await deps.store.hook_bodies.replay(visitor.organization.id, source_id, body)
    except Conflict as error:
        return notes.refused(request, place, error, deps.cipher, deps.now())
    return notes.see_other(request, place, "It is interpreted once more.", deps.cipher, deps.now())


def _require_body(body: str) -> None:
    if not body:
        raise InvalidValue("body", None, "must be given")
    if len(body.encode()) > MAX_BYTES:
        raise InvalidValue("body", f"{len(body)} characters", f"must be at most {MAX_BYTES // 1024} KiB long")


async def _shown(  # noqa: PLR0913 - the two forms of a page, and its list
    request: Request,
    visitor: Visitor,
    deps: Dependencies,
    stored: StoredSource,
    draft: Draft,
    faults: Faults = SILENT,
    *,
    tried: dict[str, Any] | None = None,
    state: str = "",
    cursor: str = "",
) -> Response:
    owner, bodies = visitor.organization.id, deps.store.hook_bodies
    wanted = require_choice(state, BodyState, "state") if state else None
    path = f"{PATH}/{stored.id}" + (f"?{urlencode({'state': state})}" if state else "")
    part = await part_of(
        lambda asked: bodies.list(owner, stored.id, asked, wanted), LISTED.first, path, cursor, "&" if state else "?"
    )
    return await settings_page(
        request,
        "sources/source.html",
        faults=faults,
        form=draft,
        row=await shown_row(request, deps, stored),
        part=part,
        bodies=[body_row(one) for one in part.rows],
        state=state,
        tried=tried,
    )
