"""`/settings/receivers`: list, add, change, switch on and off, test, rotate, delete."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from domain.errors import NotFound, SlaError
from domain.record.notices import WITHDRAWN
from domain.record.receivers import KINDS, TYPES, Receiver
from service.dependencies import Dependencies
from store.database.ids import mint
from store.lists.listed import ListPart
from store.rules.receivers import LISTED, StoredReceiver
from web.http import notes
from web.http.access import Admin, Deps, Reader, Visitor
from web.http.faults import SILENT, Faults, faults_of
from web.http.forms import Draft
from web.http.page_route import PageRoute
from web.pages.bodies import ReceiverBody, ReceiverPatch, read_as
from web.pages.settings.actions import done
from web.pages.settings.channels import channels
from web.pages.settings.receivers.drafts import LISTS, document_of, draft_of
from web.pages.settings.receivers.view import row_of
from web.pages.settings.shared import REFUSALS, at_input, part_of, settings_page, shown_once, typed
from web.showing.words import words

router = APIRouter(route_class=PageRoute)
PATH = "/settings/receivers"
ONE = f"{PATH}/{{receiver_id}}"
MOST = 200
SIGNED = "With it the receiver checks that a webhook comes from here."


@router.get(PATH)
async def show_receivers(request: Request, visitor: Reader, deps: Deps, cursor: str = "") -> Response:
    owner = visitor.organization.id
    found = await part_of(lambda part: deps.store.receivers.list(owner, part), LISTED.first, PATH, cursor)
    names = (await _choices(deps, owner))["names"]
    rows = [row_of(one, names) for one in found.rows]
    return await settings_page(request, "receivers/receivers.html", part=found, rows=rows)


@router.get(f"{PATH}/new")
async def show_new_receiver(request: Request, visitor: Admin, deps: Deps) -> Response:
    return await _edited(request, visitor, deps, None, {})


@router.post(f"{PATH}/new")
async def add_receiver(request: Request, visitor: Admin, deps: Deps) -> Response:
    draft = await typed(request, LISTS)
    try:
        given = read_as(ReceiverBody, document_of(draft, is_new=True))
        address = given.pop("address")
        receiver = Receiver.from_json({**given, "id": mint("rcv")})
        stored, secret = await deps.receivers.create(visitor.organization.id, receiver, address)
    except REFUSALS as error:
        return await _edited(request, visitor, deps, None, draft, faults_of(error, at_input))
    place = f"{PATH}/{stored.receiver.id}"
    if secret is None:
        said = f"{stored.receiver.name} is told from now on. Send it a sample."
        return notes.see_other(request, place, said, deps.cipher, deps.now())
    return await shown_once(request, f"{stored.receiver.name} is told from now on", [("Secret", secret)], place, SIGNED)


@router.get(ONE)
async def show_receiver(request: Request, receiver_id: str, visitor: Reader, deps: Deps) -> Response:
    stored = await deps.store.receivers.get(visitor.organization.id, receiver_id)
    return await _edited(request, visitor, deps, stored, draft_of(stored.receiver))


@router.post(ONE)
async def change_receiver(request: Request, receiver_id: str, visitor: Admin, deps: Deps) -> Response:
    stored = await deps.store.receivers.get(visitor.organization.id, receiver_id)
    draft = await typed(request, LISTS)
    try:
        given = read_as(ReceiverPatch, document_of(draft))
        await deps.receivers.change(visitor.organization.id, receiver_id, given)
    except REFUSALS as error:
        return await _edited(request, visitor, deps, stored, draft, faults_of(error, at_input))
    return notes.see_other(request, f"{PATH}/{receiver_id}", "Saved.", deps.cipher, deps.now())


@router.post(f"{ONE}/enable")
async def enable_receiver(request: Request, receiver_id: str, visitor: Admin, deps: Deps) -> Response:
    return await _switched(request, receiver_id, visitor, deps, enabled=True)


@router.post(f"{ONE}/disable")
async def disable_receiver(request: Request, receiver_id: str, visitor: Admin, deps: Deps) -> Response:
    return await _switched(request, receiver_id, visitor, deps, enabled=False)


@router.post(f"{ONE}/rotate")
async def rotate_secret(request: Request, receiver_id: str, visitor: Admin, deps: Deps) -> Response:
    place = f"{PATH}/{receiver_id}"
    try:
        stored, secret = await deps.receivers.rotate(visitor.organization.id, receiver_id)
    except NotFound:
        raise
    except SlaError as error:
        return notes.refused(request, place, error, deps.cipher, deps.now())
    text = "The secret before it stays valid until the next rotation: each webhook bears a signature by both."
    return await shown_once(request, f"New secret of {stored.receiver.name}", [("Secret", secret)], place, text)


@router.post(f"{ONE}/delete")
async def delete_receiver(request: Request, receiver_id: str, visitor: Admin, deps: Deps) -> Response:
    stored = await deps.store.receivers.get(visitor.organization.id, receiver_id)
    await deps.store.receivers.delete(visitor.organization.id, receiver_id)
    return notes.see_other(request, PATH, f"{stored.receiver.name} is deleted.", deps.cipher, deps.now())


async def _switched(request: Request, receiver_id: str, visitor: Visitor, deps: Deps, *, enabled: bool) -> Response:
    changing = deps.receivers.change(visitor.organization.id, receiver_id, {"enabled": enabled})
    said = "It is told again." if enabled else "It is told nothing more."
    return await done(request, deps, f"{PATH}/{receiver_id}", changing, said)


async def _choices(deps: Dependencies, owner: str) -> dict[str, Any]:
    policies = (await deps.store.policies.list(owner, None, ListPart(MOST))).rows
    teams = (await deps.store.teams.list(owner, ListPart(MOST))).rows
    found = {
        "policies": [(one.policy.id, one.policy.name) for one in policies],
        "teams": [(one.team.id, one.team.name) for one in teams],
    }
    return {**found, "names": dict([*found["policies"], *found["teams"]])}


async def _edited(
    request: Request,
    visitor: Visitor,
    deps: Dependencies,
    stored: StoredReceiver | None,
    draft: Draft,
    faults: Faults = SILENT,
) -> Response:
    choices = await _choices(deps, visitor.organization.id)
    return await settings_page(
        request,
        "receivers/receiver.html",
        faults=faults,
        form=draft,
        row=None if stored is None else row_of(stored, choices["names"]),
        choices={
            "types": [(one, words(one)) for one in TYPES],
            "kinds": [(one, one.upper()) for one in KINDS],
            "policies": choices["policies"],
            "teams": choices["teams"],
        },
        channels=channels(deps),
        samples=[(one, words(one)) for one in (*TYPES, WITHDRAWN)],
    )
