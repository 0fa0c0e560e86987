"""`/settings/contacts`: list, add, change, test, rotate, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from domain.errors import NotFound, PreconditionFailed, SlaError
from domain.people.contacts import Contact, ContactKind
from service.dependencies import Dependencies
from service.receivers import Tried
from store.database.ids import mint
from store.people.contacts import LISTED, StoredContact
from web.http import notes
from web.http.access import Admin, Deps, Reader, Visitor
from web.http.faults import SILENT, Faults, faults_of
from web.http.forms import Draft, text
from web.http.page_route import PageRoute
from web.pages.bodies import ContactBody, ContactPatch, read_as
from web.pages.deliveries.actions import said_of
from web.pages.settings.actions import done
from web.pages.settings.channels import channels
from web.pages.settings.people.contact_drafts import LISTS, NEW_ADDRESSES, document_of, draft_of, input_of
from web.pages.settings.people.versions import required
from web.pages.settings.shared import REFUSALS, at_input, part_of, settings_page, shown_once, typed

router = APIRouter(route_class=PageRoute)
PATH = "/settings/contacts"
ONE = f"{PATH}/{{contact_id}}"
SIGNED = "With a secret the receiver checks that a webhook comes from here."


@router.get(PATH)
async def show_contacts(request: Request, visitor: Reader, deps: Deps, cursor: str = "") -> Response:
    owner = visitor.organization.id
    found = await part_of(lambda part: deps.store.contacts.list(owner, part), LISTED.first, PATH, cursor)
    names = dict(await _persons(deps, visitor))
    return await settings_page(
        request, "people/contacts.html", part=found, rows=[one.sealed for one in found.rows], names=names
    )


@router.get(f"{PATH}/new")
async def show_new_contact(request: Request, visitor: Admin, deps: Deps) -> Response:
    return await _edited(request, visitor, deps, None, {"kind": ContactKind.PERSON.value})


@router.post(f"{PATH}/new")
async def add_contact(request: Request, visitor: Admin, deps: Deps) -> Response:
    draft = await typed(request, LISTS)
    try:
        given = read_as(ContactBody, document_of(draft))
        addresses = given.pop("addresses")
        contact = Contact.from_json({**given, "id": mint("con")})
        stored, secrets = await deps.contacts.create(visitor.organization.id, contact, addresses)
    except REFUSALS as error:
        return await _edited(request, visitor, deps, None, draft, faults_of(error, _inputs(draft)))
    return await _saved(request, deps, stored, secrets)


@router.get(ONE)
async def show_contact(request: Request, contact_id: str, visitor: Reader, deps: Deps) -> Response:
    stored = await deps.store.contacts.get(visitor.organization.id, contact_id)
    return await _edited(request, visitor, deps, stored, draft_of(stored.sealed))


@router.post(ONE)
async def change_contact(request: Request, contact_id: str, visitor: Admin, deps: Deps) -> Response:
    owner = visitor.organization.id
    stored = await deps.store.contacts.get(owner, contact_id)
    draft = await typed(request, LISTS)
    try:
        given = read_as(ContactPatch, document_of(draft))
        changed, secrets = await deps.contacts.change(
            owner, contact_id, given, lambda present: required(text(draft, "version"), present.version)
        )
    except REFUSALS as error:
        if isinstance(error, PreconditionFailed):
            draft["version"] = str(stored.version)
        return await _edited(request, visitor, deps, stored, draft, faults_of(error, _inputs(draft)))
    return await _saved(request, deps, changed, secrets)


@router.post(f"{ONE}/test")
async def test_contact(request: Request, contact_id: str, visitor: Admin, deps: Deps) -> Response:
    place = f"{PATH}/{contact_id}"
    try:
        tried = await deps.contacts.try_out(visitor.organization.id, contact_id, "escalated")
    except NotFound:
        raise
    except SlaError as error:
        return notes.refused(request, place, error, deps.cipher, deps.now())
    all_taken = all(one.outcome == "taken" for _, one in tried)
    kind: notes.Kind = "note" if all_taken else "fault"
    return notes.see_other(request, place, said_of_all(tried), deps.cipher, deps.now(), kind=kind)


@router.post(f"{ONE}/rotate")
async def rotate_contact_secret(
    request: Request, contact_id: str, visitor: Admin, deps: Deps, address: Annotated[str, Form(max_length=300)] = ""
) -> Response:
    place = f"{PATH}/{contact_id}"
    try:
        stored, secrets = await deps.contacts.rotate(visitor.organization.id, contact_id, address)
    except NotFound:
        raise
    except SlaError as error:
        return notes.refused(request, place, error, deps.cipher, deps.now())
    said = "The secret before it stays valid until the next rotation."
    return await shown_once(request, f"New secret of {stored.sealed.name}", list(secrets.items()), place, said)


@router.post(f"{ONE}/delete")
async def delete_contact(request: Request, contact_id: str, visitor: Admin, deps: Deps) -> Response:
    owner = visitor.organization.id
    stored = await deps.store.contacts.get(owner, contact_id)
    deleting = deps.store.contacts.delete(owner, contact_id)
    return await done(request, deps, f"{PATH}/{contact_id}", deleting, f"{stored.sealed.name} is deleted.", PATH)


def said_of_all(tried: Any) -> str:
    """What came of the samples, address by address."""
    listed: list[tuple[str, Tried]] = list(tried)
    if not listed:
        return "No address: there is nothing to try."
    return " ".join(f"{name}: {said_of(one).rstrip('.')}." for name, one in listed)


def _inputs(draft: Draft) -> Callable[[str], str]:
    return lambda field: input_of(draft, field) if field.startswith("addresses") else at_input(field)


async def _saved(request: Request, deps: Dependencies, stored: StoredContact, secrets: Any) -> Response:
    place = f"{PATH}/{stored.sealed.id}"
    if not secrets:
        return notes.see_other(request, place, "Saved.", deps.cipher, deps.now())
    title = f"{stored.sealed.name} is saved"
    return await shown_once(
        request, title, [(f"Secret of {name}", one) for name, one in secrets.items()], place, SIGNED
    )


async def _persons(deps: Dependencies, visitor: Visitor) -> list[tuple[str, str]]:
    people = (await deps.store.people.of(visitor.organization.id)).contacts
    return [(one.sealed.id, one.sealed.name) for one in people if one.sealed.kind is ContactKind.PERSON]


async def _edited(
    request: Request,
    visitor: Visitor,
    deps: Dependencies,
    stored: StoredContact | None,
    draft: Draft,
    faults: Faults = SILENT,
) -> Response:
    own_id = None if stored is None else stored.sealed.id
    return await settings_page(
        request,
        "people/contact.html",
        faults=faults,
        form=draft,
        contact=None if stored is None else stored.sealed,
        version=text(draft, "version") or ("" if stored is None else str(stored.version)),
        persons=[one for one in await _persons(deps, visitor) if one[0] != own_id],
        kept=[] if stored is None else _kept(stored.sealed),
        signing=[]
        if stored is None
        else [one.name_of(stored.sealed.id) for one in stored.sealed.addresses if one.secrets],
        channels=channels(deps),
        blanks=range(NEW_ADDRESSES),
    )


def _kept(contact: Contact) -> list[tuple[str, str]]:
    """The addresses that are there: their names, and those with what one that is gone has answered."""
    named = ((one.name_of(contact.id), one.gone) for one in contact.addresses)
    return [(name, f"{name} is told no more: {gone}" if gone else name) for name, gone in named]
