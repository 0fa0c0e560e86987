"""`/settings/sources/{id}/connector`: the way back to the ticket system; and what its webhooks lost, asked for."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from domain.errors import InvalidValue
from domain.instants import Instant
from service.dependencies import Dependencies
from service.hooks.administering import change_source
from service.hooks.backfilling import TicketSystemFailed, backfill
from service.hooks.connecting import WayBack, way_back
from store.sources.sources import StoredSource
from web.http import notes
from web.http.access import Admin, Deps, Writer
from web.http.faults import SILENT, Faults, faults_of
from web.http.forms import Draft, text
from web.http.page_route import PageRoute
from web.pages.bodies import SourcePatch, read_as
from web.pages.moments import typed_instant
from web.pages.settings.actions import done
from web.pages.settings.shared import REFUSALS, settings_page, typed
from web.pages.settings.sources.connector_drafts import connector_of, draft_of, input_of, without_secrets
from web.pages.settings.sources.routes import ONE, PATH, shown_row

router = APIRouter(route_class=PageRoute)


@router.get(f"{ONE}/connector")
async def show_connector(request: Request, source_id: str, visitor: Admin, deps: Deps) -> Response:
    stored = await deps.store.sources.get(visitor.organization.id, source_id)
    way = way_back(stored.document)
    return await _shown(request, deps, stored, way, {} if way is None else draft_of(way))


@router.post(f"{ONE}/connector")
async def save_connector(request: Request, source_id: str, visitor: Admin, deps: Deps) -> Response:
    owner = visitor.organization.id
    stored = await deps.store.sources.get(owner, source_id)
    way, draft = way_back(stored.document), await typed(request)
    if way is None:
        return await _shown(request, deps, stored, None, {})
    try:
        given = read_as(SourcePatch, {"connector": connector_of(draft, way)})
        await change_source(deps, owner, source_id, given)
    except REFUSALS as error:
        faults = faults_of(error, lambda field: input_of(way, field))
        return await _shown(request, deps, stored, way, without_secrets(draft, way), faults)
    said = "The way back is set up. Try it: nothing is written there."
    return notes.see_other(request, f"{PATH}/{source_id}", said, deps.cipher, deps.now())


@router.post(f"{ONE}/connector/remove")
async def remove_connector(request: Request, source_id: str, visitor: Admin, deps: Deps) -> Response:
    removing = change_source(deps, visitor.organization.id, source_id, {"connector": None})
    said = "There is no way back any more; its credentials are forgotten."
    return await done(request, deps, f"{PATH}/{source_id}", removing, said)


@router.post(f"{ONE}/backfill")
async def ask_for_lost_changes(request: Request, source_id: str, visitor: Writer, deps: Deps) -> Response:
    """It is kept as what webhooks bring, and applied like that."""
    place = f"{PATH}/{source_id}"
    stored = await deps.store.sources.get(visitor.organization.id, source_id)
    draft = await typed(request)
    try:
        found = await backfill(deps, stored, _since(text(draft, "since"), visitor.zone))
    except (InvalidValue, TicketSystemFailed) as error:
        return notes.refused(request, place, error, deps.cipher, deps.now())
    said = f"Found and kept: {found.kept}; had been sent before: {found.repeated}."
    cut = " There is more: ask again from a later time." if found.more else ""
    return notes.see_other(request, place, said + cut, deps.cipher, deps.now())


def _since(typed: str, zone: str) -> Instant:
    """Raises InvalidValue."""
    since = typed_instant(typed, "since", zone)
    if since is None:
        raise InvalidValue("since", None, "must be given")
    return since


async def _shown(
    request: Request,
    deps: Dependencies,
    stored: StoredSource,
    way: WayBack | None,
    draft: Draft,
    faults: Faults = SILENT,
) -> Response:
    row = await shown_row(request, deps, stored)
    return await settings_page(request, "sources/connector.html", faults=faults, form=draft, row=row, way=way)
