"""`/settings/keys`: list, make, revoke. As over REST, for keys that have the scope `sla:admin`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from domain.access.scopes import SCOPES
from service.dependencies import Dependencies
from service.keys import new_key
from store.access.keys import LISTED
from web.http import notes
from web.http.access import Admin, Deps, Visitor
from web.http.faults import SILENT, Faults, faults_of
from web.http.forms import Draft, text
from web.http.page_route import PageRoute
from web.pages.bodies import KeyBody, read_as
from web.pages.settings.shared import REFUSALS, at_input, chosen, part_of, settings_page, shown_once, typed

router = APIRouter(route_class=PageRoute)
PATH = "/settings/keys"


@router.get(PATH)
async def show_keys(request: Request, visitor: Admin, deps: Deps, cursor: str = "") -> Response:
    return await _listed(request, visitor, deps, {}, cursor=cursor)


@router.post(PATH)
async def make_key(request: Request, visitor: Admin, deps: Deps) -> Response:
    draft = await typed(request, ["scopes"])
    try:
        given = read_as(KeyBody, {"name": text(draft, "name"), "scopes": chosen(draft, "scopes")})
        stored, key = await new_key(deps, visitor.owner, given["name"], given["scopes"])
    except REFUSALS as error:
        return await _listed(request, visitor, deps, draft, faults_of(error, at_input))
    said = f"It may do: {', '.join(stored.scopes)}. The store keeps a hash of it."
    return await shown_once(request, f"The key {stored.name}", [("Key", key)], PATH, said)


@router.post(f"{PATH}/{{key_id}}/revoke")
async def revoke_key(request: Request, key_id: str, visitor: Admin, deps: Deps) -> Response:
    stored = await deps.store.keys.revoke(key_id, visitor.organization.id)
    return notes.see_other(request, PATH, f"{stored.name} is revoked.", deps.cipher, deps.now())


async def _listed(
    request: Request, visitor: Visitor, deps: Dependencies, draft: Draft, faults: Faults = SILENT, cursor: str = ""
) -> Response:
    owner = visitor.organization.id
    found = await part_of(lambda part: deps.store.keys.list(owner, part), LISTED.first, PATH, cursor)
    grantable = [(one, one) for one in SCOPES if one in visitor.owner.scopes]
    return await settings_page(request, "keys.html", faults=faults, form=draft, part=found, scopes=grantable)
