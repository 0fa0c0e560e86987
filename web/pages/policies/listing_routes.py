"""`/policies`: the order in which policies are asked, and the example for an organization that has none."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from domain.errors import InvalidValue
from service.example.loading import load_example
from web.http import notes
from web.http.access import Deps, Reader, Visitor, Writer
from web.http.faults import Faults, faults_of
from web.http.page_route import PageRoute
from web.http.rendering import page
from web.pages.policies import reading, view

router = APIRouter(route_class=PageRoute)
PATH = "/policies"

Text = Annotated[str, Query(max_length=200)]


@router.get(PATH)
async def show_policies(
    request: Request, visitor: Reader, deps: Deps, archived: Text = "", moved: Text = "", direction: Text = ""
) -> Response:
    return await _shown(request, visitor, deps, Faults(), archived, (moved, direction))


@router.post(f"{PATH}/order")
async def order_policies(request: Request, visitor: Writer, deps: Deps) -> Response:
    form = await request.form()
    ids = [one for one in form.getlist("policy_ids") if isinstance(one, str)]
    move, kind = str(form.get("move", "")), str(form.get("kind", ""))
    try:
        wanted = view.reordered(ids, move) if move else ids
        await deps.store.policies.reorder(visitor.organization.id, view.kind_in(kind), wanted)
    except InvalidValue as error:
        return await _shown(request, visitor, deps, faults_of(error))
    direction, _, moved = move.partition(" ")
    again = urlencode({"moved": moved, "direction": direction}) if move else ""
    return RedirectResponse(f"{PATH}?{again}" if again else PATH, 303)


@router.post(f"{PATH}/example")
async def load_the_example(request: Request, visitor: Writer, deps: Deps) -> Response:
    made = await load_example(deps, visitor.owner)
    said = f"The example is loaded: {', '.join(one.policy.name for one in made)}, with their business hours and teams."
    return notes.see_other(request, PATH, said, deps.cipher, deps.now())


async def _shown(
    request: Request,
    visitor: Visitor,
    deps: Deps,
    faults: Faults,
    archived: str = "",
    moved: tuple[str, str] = ("", ""),
) -> Response:
    found = await reading.policies_of(deps, visitor.organization.id, archived=bool(archived))
    names = await reading.names_of(deps, visitor.organization)
    lists = view.listed(found, names, *moved)
    return await page(
        request,
        "policies/page.html",
        status=faults.status,
        lists=lists,
        faults=faults,
        archived=bool(archived),
        announced=view.announced(lists, moved[0]),
    )
