"""`/contacts`: create, list, get, change, delete, try, and rotate secrets.

They say where an organization's data goes, so changes need the scope that keys need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.http import problems
from api.http.auth import Admin, Reader
from api.http.dependencies import Deps
from api.http.idempotency import SECRET
from api.http.lists.collections import Collection
from api.http.lists.listing import Asked
from api.http.lists.tables import asking
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.http.versions import COUNTED, IfMatch, IfNoneMatch, require_match, tag_of, unmodified
from api.v2.contacts.schemas import (
    SHOWN,
    ChangedContactView,
    ContactBody,
    ContactId,
    ContactPage,
    ContactPatch,
    ContactSampleBody,
    ContactSamplesView,
    ContactView,
    RotateBody,
)
from domain.instants import render
from domain.people.contacts import Contact
from store.database.ids import mint
from store.people.contacts import LISTED, StoredContact

router = APIRouter(prefix=f"{V2}/contacts", tags=["Contacts"], route_class=JsonRoute)
_CONTACTS: Collection[StoredContact] = Collection(router, "contact_id", LISTED, ContactView, versions=COUNTED)

_Part = Annotated[Asked, Depends(asking(LISTED))]


@_CONTACTS.create("Create a contact", ChangedContactView, conflicts=True, secret=True)
async def create_contact(body: ContactBody, owner: Admin, deps: Deps, response: Response) -> dict[str, Any]:
    """A person or a group. Escalations, teams and on-calls name it by its id; its name and its addresses do, too. Each
    address is checked first: one in a private network is refused."""
    given = body.given()
    addresses = given.pop("addresses", [])
    contact = Contact.from_json({**given, "id": mint("con")})
    stored, secrets = await deps.contacts.create(owner.organization, contact, addresses)
    _CONTACTS.locate(response, contact.id)
    return _changed(stored, secrets, response)


@_CONTACTS.page("List contacts, oldest first", ContactPage, SHOWN)
async def list_contacts(owner: Reader, part: _Part, deps: Deps, response: Response) -> Any:
    """As CSV or NDJSON the list is whole unless a `limit` is given."""
    return await _CONTACTS.table.answer(
        part, response, lambda asked: deps.store.contacts.list(owner.organization, asked), contact_view
    )


@_CONTACTS.get("Get a contact")
async def get_contact(contact_id: ContactId, owner: Reader, deps: Deps, known: IfNoneMatch, response: Response) -> Any:
    stored = await deps.store.contacts.get(owner.organization, contact_id)
    tag = tag_of(contact_id, stored.version)
    if (answer := unmodified(known, tag)) is not None:
        return answer
    response.headers["ETag"] = tag
    return contact_view(stored)


@_CONTACTS.change("Change a contact", ChangedContactView, conflicts=True)
async def change_contact(
    contact_id: ContactId, body: ContactPatch, owner: Admin, deps: Deps, wanted: IfMatch, response: Response
) -> dict[str, Any]:
    """Only the fields that are given change. The list of addresses is replaced as a whole: `{"id": ...}` keeps one that
    is there. A new address takes the place, and the secret, of one of its channel that goes."""
    stored, secrets = await deps.contacts.change(
        owner.organization,
        contact_id,
        body.given(),
        lambda present: require_match(wanted, contact_id, present.version),
    )
    return _changed(stored, secrets, response)


@_CONTACTS.delete("Delete a contact", conflicts=True)
async def delete_contact(contact_id: ContactId, owner: Admin, deps: Deps, wanted: IfMatch) -> None:
    """Refused (409) for a member of a group, and for one whom an on-call names. Policies and teams that name it reach
    nobody from then on, which their `lints` say."""
    await deps.store.contacts.delete(
        owner.organization, contact_id, lambda present: require_match(wanted, contact_id, present.version)
    )


@router.post(
    "/{contact_id}:rotate",
    openapi_extra=SECRET,
    response_model=ChangedContactView,
    responses={200: COUNTED.tagged, **problems.documented(400, 401, 403, 404, 413, 415, 422, 503)},
    summary="Give an address of a contact a new secret",
)
async def rotate_contact_secret(
    contact_id: ContactId, body: RotateBody, owner: Admin, deps: Deps, response: Response
) -> dict[str, Any]:
    """The secret before it stays valid until the next rotation: each webhook bears a signature by both."""
    stored, secrets = await deps.contacts.rotate(owner.organization, contact_id, body.address)
    return _changed(stored, secrets, response)


@router.post(
    "/{contact_id}:test",
    response_model=ContactSamplesView,
    responses=problems.documented(400, 401, 403, 404, 413, 415, 422, 503),
    summary="Send a sample to each address of a contact",
)
async def test_contact(contact_id: ContactId, body: ContactSampleBody, owner: Admin, deps: Deps) -> dict[str, Any]:
    """A sample notice goes through each real channel, once. The answer says what came of it, 15 seconds later at
    most. Members of a group have addresses of their own, which get none. An address that was gone and takes it is told
    again."""
    tried = await deps.contacts.try_out(owner.organization, contact_id, body.type)
    return {
        "data": [{"address": name, "outcome": one.outcome, "error": one.error, "gone": one.gone} for name, one in tried]
    }


def contact_view(stored: StoredContact) -> dict[str, Any]:
    contact = stored.sealed
    return {
        **contact.to_json(),
        "addresses": [
            {
                "id": one.name_of(contact.id),
                "channel": one.channel,
                "secrets": len(one.secrets),
                "gone": one.gone or None,
            }
            for one in contact.addresses
        ],
        "version": stored.version,
        "created_at": render(stored.created_at),
        "updated_at": render(stored.updated_at),
    }


def _changed(stored: StoredContact, secrets: Mapping[str, str], response: Response) -> dict[str, Any]:
    response.headers["Cache-Control"] = "no-store"
    response.headers["ETag"] = tag_of(stored.sealed.id, stored.version)
    view = contact_view(stored)
    return {**view, "addresses": [{**one, "secret": secrets.get(one["id"])} for one in view["addresses"]]}
