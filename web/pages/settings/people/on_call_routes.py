"""`/settings/on-call`: who has it, the next handovers; add, change, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request, Response

from domain.errors import PreconditionFailed
from domain.people.on_call import Rota
from service.dependencies import Dependencies
from service.people.directories import opened
from service.people.on_calls import rotas_of
from service.tools.ciphers import SecretsUnreadable
from store.database.ids import mint
from store.people.on_calls import StoredOnCall
from store.people.people import StoredPeople
from web.http import notes
from web.http.access import Deps, Reader, Visitor, Writer
from web.http.faults import SILENT, Faults, faults_of
from web.http.forms import Draft, text
from web.http.page_route import PageRoute
from web.pages.bodies import OnCallBody, OnCallPatch, read_as
from web.pages.settings.actions import done
from web.pages.settings.people.on_call_drafts import (
    BLANKS,
    document_of,
    draft_of,
    empty_draft,
    input_of,
    without_blanks,
)
from web.pages.settings.people.on_call_view import row_of, shift_rows
from web.pages.settings.people.versions import required
from web.pages.settings.shared import REFUSALS, settings_page, typed
from web.showing.instants import local

router = APIRouter(route_class=PageRoute)
PATH = "/settings/on-call"
ONE = f"{PATH}/{{on_call_id}}"


@router.get(PATH)
async def show_on_calls(request: Request, visitor: Reader, deps: Deps) -> Response:
    people, now = await deps.store.people.of(visitor.organization.id), deps.now()
    rotas = await rotas_of(people.on_calls, opened(people.contacts, deps.cipher), deps.cipher, now)
    names = _names(people)
    rows = [row_of(stored, rota, names, now) for stored, rota in zip(people.on_calls, rotas, strict=True)]
    return await settings_page(request, "people/on_calls.html", rows=rows, has_contacts=bool(names))


@router.get(f"{PATH}/new")
async def show_new_on_call(request: Request, visitor: Writer, deps: Deps) -> Response:
    today = f"{local(deps.now(), visitor.zone):%Y-%m-%d}"
    return await _edited(request, visitor, deps, None, empty_draft(visitor.zone, today))


@router.post(f"{PATH}/new")
async def add_on_call(request: Request, visitor: Writer, deps: Deps) -> Response:
    draft = without_blanks(await typed(request))
    try:
        given = read_as(OnCallBody, document_of(draft, is_new=True))
        stored = await deps.on_calls.create(visitor.organization.id, {**given, "id": mint("onc")})
    except REFUSALS as error:
        return await _edited(request, visitor, deps, None, draft, faults_of(error, input_of))
    return notes.see_other(request, f"{PATH}/{stored.on_call.id}", "Saved.", deps.cipher, deps.now())


@router.get(ONE)
async def show_on_call(request: Request, on_call_id: str, visitor: Reader, deps: Deps) -> Response:
    stored = await deps.store.on_calls.get(visitor.organization.id, on_call_id)
    return await _edited(request, visitor, deps, stored, draft_of(stored.on_call))


@router.post(ONE)
async def change_on_call(request: Request, on_call_id: str, visitor: Writer, deps: Deps) -> Response:
    owner = visitor.organization.id
    stored = await deps.store.on_calls.get(owner, on_call_id)
    draft = without_blanks(await typed(request))
    try:
        given = read_as(OnCallPatch, document_of(draft, is_new=False))
        await deps.on_calls.change(
            owner, on_call_id, given, lambda present: required(text(draft, "version"), present.version)
        )
    except REFUSALS as error:
        if isinstance(error, PreconditionFailed):
            draft["version"] = str(stored.version)
        return await _edited(request, visitor, deps, stored, draft, faults_of(error, input_of))
    return notes.see_other(request, f"{PATH}/{on_call_id}", "Saved.", deps.cipher, deps.now())


@router.post(f"{ONE}/delete")
async def delete_on_call(request: Request, on_call_id: str, visitor: Writer, deps: Deps) -> Response:
    owner = visitor.organization.id
    stored = await deps.store.on_calls.get(owner, on_call_id)
    deleting = deps.store.on_calls.delete(owner, on_call_id)
    return await done(request, deps, f"{PATH}/{on_call_id}", deleting, f"{stored.on_call.name} is deleted.", PATH)


def _names(people: StoredPeople) -> Mapping[str, str]:
    return {one.sealed.id: one.sealed.name for one in people.contacts}


async def _edited(
    request: Request,
    visitor: Visitor,
    deps: Dependencies,
    stored: StoredOnCall | None,
    draft: Draft,
    faults: Faults = SILENT,
) -> Response:
    people, now = await deps.store.people.of(visitor.organization.id), deps.now()
    names = _names(people)
    rota = None if stored is None else await _rota(deps, stored, people)
    draft = without_blanks(draft)
    blanks: Sequence[Draft] = [{}] * BLANKS
    return await settings_page(
        request,
        "people/on_call.html",
        faults=faults,
        form={**draft, "members": [*draft["members"], *blanks], "overrides": [*draft["overrides"], *blanks[:1]]},
        row=None if stored is None or rota is None else row_of(stored, rota, names, now),
        shifts=[] if rota is None else shift_rows(rota, names, now),
        feed=None if stored is None else stored.feed,
        version=text(draft, "version") or ("" if stored is None else str(stored.version)),
        people=[("", "\N{EN DASH}"), *names.items()],
    )


async def _rota(deps: Dependencies, stored: StoredOnCall, people: StoredPeople) -> Rota:
    try:
        return await deps.on_calls.rota(stored, opened(people.contacts, deps.cipher))
    except SecretsUnreadable:
        # What its feed says is lost with the key; its overrides are not.
        return Rota(stored.on_call)
