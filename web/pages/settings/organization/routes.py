"""`/settings`: the organization, and what there is of each subject."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from service.dependencies import Dependencies
from store.access.organizations import Organization
from store.lists.listed import ListPart
from web.http import notes
from web.http.access import Deps, Reader, Visitor, Writer
from web.http.faults import SILENT, Faults, faults_of
from web.http.forms import Draft, text
from web.http.page_route import PageRoute
from web.pages.bodies import OrganizationPatch, read_as
from web.pages.calendars.reading import hours_of
from web.pages.settings.shared import REFUSALS, at_input, settings_page, typed, words_in

router = APIRouter(route_class=PageRoute)
PATH = "/settings"
ONE = ListPart(1)


@router.get(PATH)
async def show_settings(request: Request, visitor: Reader, deps: Deps) -> Response:
    return await _shown(request, visitor, deps, draft_of(visitor.organization))


@router.post(PATH)
async def change_settings(request: Request, visitor: Writer, deps: Deps) -> Response:
    draft = await typed(request)
    try:
        given = read_as(OrganizationPatch, document_of(draft))
        await deps.store.organizations.change(
            visitor.organization.id,
            name=given["name"],
            timezone=given["timezone"],
            default_calendar_id=given["default_business_hours_id"],
            dimensions=given["dimensions"],
        )
    except REFUSALS as error:
        return await _shown(request, visitor, deps, draft, faults_of(error, at_input))
    return notes.see_other(request, PATH, "Saved.", deps.cipher, deps.now())


def draft_of(organization: Organization) -> Draft:
    return {
        "name": organization.name,
        "timezone": organization.timezone,
        "default_business_hours_id": organization.default_calendar_id,
        "dimensions": ", ".join(organization.dimensions),
    }


def document_of(draft: Draft) -> dict[str, Any]:
    plain = {name: text(draft, name) for name in ("name", "timezone", "default_business_hours_id")}
    return {**plain, "dimensions": words_in(text(draft, "dimensions"))}


async def _shown(
    request: Request, visitor: Visitor, deps: Dependencies, draft: Draft, faults: Faults = SILENT
) -> Response:
    owner = visitor.organization.id
    hours = [(one.id, one.name) for one in await hours_of(deps, owner)]
    return await settings_page(
        request,
        "organization.html",
        faults=faults,
        form=draft,
        hours=hours,
        is_ready=await deps.store.dimensions.are_ready(owner),
        counts=await _counts(deps, owner),
    )


async def _counts(deps: Dependencies, owner: str) -> dict[str, int]:
    """How many there are, by the path of their page."""
    store = deps.store
    return {
        "/settings/teams": (await store.teams.list(owner, ONE)).total,
        "/settings/contacts": (await store.contacts.list(owner, ONE)).total,
        "/settings/on-call": (await store.on_calls.list(owner, ONE)).total,
        "/settings/receivers": (await store.receivers.list(owner, ONE)).total,
        "/settings/sources": (await store.sources.list(owner, ONE)).total,
    }
