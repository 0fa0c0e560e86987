"""`/settings/sources`: list, add, change, switch on and off, try the connector, delete."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from domain.errors import SlaError
from service.dependencies import Dependencies
from service.hooks.administering import address_of, change_source, create_source, kinds
from service.hooks.writing import try_connector
from store.sources.sources import LISTED, StoredSource
from web.http import notes
from web.http.access import Admin, Deps, Reader, Visitor
from web.http.faults import SILENT, Faults, faults_of
from web.http.forms import Draft
from web.http.page_route import PageRoute
from web.pages.bodies import SourceBody, SourcePatch, read_as
from web.pages.settings.actions import done
from web.pages.settings.shared import REFUSALS, at_input, part_of, settings_page, shown_once, typed
from web.pages.settings.sources.drafts import document_of, draft_of
from web.pages.settings.sources.view import SourceRow, source_row

router = APIRouter(route_class=PageRoute)
PATH = "/settings/sources"
ONE = f"{PATH}/{{source_id}}"
PASTE = "Paste the address and the secret into the webhooks of the ticket system."


@router.get(PATH)
async def show_sources(request: Request, visitor: Reader, deps: Deps, cursor: str = "") -> Response:
    owner = visitor.organization.id
    found = await part_of(lambda part: deps.store.sources.list(owner, part), LISTED.first, PATH, cursor)
    counts = await deps.store.sources.counts(owner, [one.id for one in found.rows])
    rows = [source_row(one, counts.get(one.id, {}), url_of(request, deps, one.id)) for one in found.rows]
    return await settings_page(request, "sources/sources.html", part=found, rows=rows)


@router.get(f"{PATH}/new")
async def show_new_source(request: Request, _: Admin, deps: Deps) -> Response:
    return await edited(request, deps, None, {"adopt": "on"})


@router.post(f"{PATH}/new")
async def add_source(request: Request, visitor: Admin, deps: Deps) -> Response:
    draft = await typed(request)
    try:
        given = read_as(SourceBody, document_of(draft, is_new=True))
        stored, secret = await create_source(deps, visitor.organization.id, given)
    except REFUSALS as error:
        return await edited(request, deps, None, draft, faults_of(error, at_input))
    shown = [("Address", url_of(request, deps, stored.id)), *([("Secret", secret)] if secret else [])]
    place = f"{PATH}/{stored.id}"
    return await shown_once(request, f"{stored.document.name} is connected", shown, place, PASTE)


@router.post(f"{ONE}/edit")
async def save_source(request: Request, source_id: str, visitor: Admin, deps: Deps) -> Response:
    owner = visitor.organization.id
    stored = await deps.store.sources.get(owner, source_id)
    draft = await typed(request)
    try:
        await change_source(deps, owner, source_id, read_as(SourcePatch, document_of(draft)))
    except REFUSALS as error:
        return await edited(request, deps, stored, draft, faults_of(error, at_input))
    return notes.see_other(request, f"{PATH}/{source_id}", "Saved.", deps.cipher, deps.now())


@router.get(f"{ONE}/edit")
async def show_source_editor(request: Request, source_id: str, visitor: Admin, deps: Deps) -> Response:
    stored = await deps.store.sources.get(visitor.organization.id, source_id)
    return await edited(request, deps, stored, draft_of(stored.document))


@router.post(f"{ONE}/enable")
async def enable_source(request: Request, source_id: str, visitor: Admin, deps: Deps) -> Response:
    return await _switched(request, source_id, visitor, deps, {"enabled": True}, "It takes webhooks again.")


@router.post(f"{ONE}/disable")
async def disable_source(request: Request, source_id: str, visitor: Admin, deps: Deps) -> Response:
    said = "Its webhooks are answered as if it did not exist."
    return await _switched(request, source_id, visitor, deps, {"enabled": False}, said)


@router.post(f"{ONE}/test")
async def test_connector(request: Request, source_id: str, visitor: Admin, deps: Deps) -> Response:
    place = f"{PATH}/{source_id}"
    stored = await deps.store.sources.get(visitor.organization.id, source_id)
    try:
        tried = await try_connector(stored.document, deps.cipher, deps.systems)
    except SlaError as error:
        return notes.refused(request, place, error, deps.cipher, deps.now())
    if tried.outcome == "taken":
        return notes.see_other(
            request, place, f"The ticket system knows us as {tried.account}.", deps.cipher, deps.now()
        )
    said = f"The ticket system did not take it: {tried.error}"
    return notes.see_other(request, place, said, deps.cipher, deps.now(), kind="fault")


@router.post(f"{ONE}/delete")
async def delete_source(request: Request, source_id: str, visitor: Admin, deps: Deps) -> Response:
    stored = await deps.store.sources.get(visitor.organization.id, source_id)
    await deps.store.sources.delete(visitor.organization.id, source_id)
    said = f"{stored.document.name} is deleted, with all that it has sent. Its tickets stay."
    return notes.see_other(request, PATH, said, deps.cipher, deps.now())


def url_of(request: Request, deps: Dependencies, source_id: str) -> str:
    return address_of(deps, source_id, str(request.base_url))


async def shown_row(request: Request, deps: Dependencies, stored: StoredSource) -> SourceRow:
    counts = await deps.store.sources.counts(stored.organization, [stored.id])
    return source_row(stored, counts.get(stored.id, {}), url_of(request, deps, stored.id))


async def edited(
    request: Request,
    deps: Dependencies,
    stored: StoredSource | None,
    draft: Draft,
    faults: Faults = SILENT,
) -> Response:
    return await settings_page(
        request,
        "sources/source_editor.html",
        faults=faults,
        form=draft,
        row=None if stored is None else await shown_row(request, deps, stored),
        kinds=[("", "the one that the mapping below names"), *kinds()],
    )


async def _switched(
    request: Request, source_id: str, visitor: Visitor, deps: Dependencies, given: dict[str, Any], said: str
) -> Response:
    changing = change_source(deps, visitor.organization.id, source_id, given)
    return await done(request, deps, f"{PATH}/{source_id}", changing, said)
