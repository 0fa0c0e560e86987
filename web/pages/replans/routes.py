"""`/replans`: a dry run, applying it, undoing it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response

from domain.errors import Conflict, InvalidValue
from service.policies.ids import chosen_or_new
from service.replans import replans
from service.replans.replans import ReplanRequest
from store.database.ids import mint
from store.instances.replans import Replan
from store.lists.listed import ListPart
from web.http import notes
from web.http.access import Deps, Reader, Visitor, Writer
from web.http.faults import Faults, faults_of
from web.http.page_route import PageRoute
from web.http.rendering import page
from web.pages.policies import reading
from web.pages.replans import view

router = APIRouter(route_class=PageRoute)
PATH = "/replans"
MOST_LISTED = 50

Id = Annotated[str, Query(max_length=200)]
Text = Annotated[str, Form(max_length=500)]


@router.get(PATH)
async def show_replans(request: Request, visitor: Reader, deps: Deps) -> Response:
    found = await deps.store.replans.list(visitor.organization.id, ListPart(MOST_LISTED))
    names = await _names(deps, visitor)
    listed = [(one, view.asked(one, names)) for one in found.rows]
    return await page(request, "replans/list.html", replans=listed, total=found.total)


@router.get(f"{PATH}/new")
async def preview_replan(
    request: Request, visitor: Reader, deps: Deps, policy_id: Id = "", business_hours_id: Id = ""
) -> Response:
    return await _previewed(request, visitor, deps, policy_id, business_hours_id)


@router.post(PATH)
async def apply_replan(
    request: Request,
    visitor: Writer,
    deps: Deps,
    policy_id: Text = "",
    business_hours_id: Text = "",
    reason: Text = "",
    replan_id: Text = "",
) -> Response:
    """The id comes from the preview, so that a form that is sent twice is one replan."""
    asked = _asked(policy_id, business_hours_id)
    document = {"policy_id": policy_id} if policy_id else {"business_hours_id": business_hours_id}
    chosen_or_new(replan_id, "replan", "replan_id")
    replan = Replan(replan_id, document, reason.strip(), visitor.owner.id, deps.now())
    try:
        await replans.apply(deps, visitor.organization.id, replan, asked, document)
    except Conflict as error:
        return await _previewed(request, visitor, deps, policy_id, business_hours_id, faults_of(error))
    return notes.see_other(request, _place(replan_id), "Applied to running tickets.", deps.cipher, deps.now())


@router.get(f"{PATH}/{{replan_id}}")
async def show_replan(request: Request, replan_id: str, visitor: Reader, deps: Deps) -> Response:
    return await _shown(request, visitor, deps, replan_id, Faults())


@router.post(f"{PATH}/{{replan_id}}/undo")
async def undo_replan(request: Request, replan_id: str, visitor: Writer, deps: Deps) -> Response:
    try:
        await replans.undo(deps, visitor.organization.id, replan_id, visitor.owner.id)
    except Conflict as error:
        return await _shown(request, visitor, deps, replan_id, faults_of(error))
    return notes.see_other(request, _place(replan_id), "Undone: the earlier rules count.", deps.cipher, deps.now())


def _place(replan_id: str) -> str:
    return f"{PATH}/{quote(replan_id, safe='')}"


def _asked(policy_id: str, business_hours_id: str) -> ReplanRequest:
    """Raises InvalidValue unless exactly one of them is given."""
    if bool(policy_id) == bool(business_hours_id):
        raise InvalidValue("policy_id", policy_id, "exactly one of policy_id and business_hours_id must be given")
    return ReplanRequest(policy_id=policy_id or None, business_hours_id=business_hours_id or None)


async def _previewed(
    request: Request,
    visitor: Visitor,
    deps: Deps,
    policy_id: str,
    business_hours_id: str,
    faults: Faults | None = None,
) -> Response:
    asked = _asked(policy_id, business_hours_id)
    counts = await replans.preview(deps, visitor.organization.id, asked)
    names = await _names(deps, visitor)
    faults = Faults() if faults is None else faults
    return await page(
        request,
        "replans/preview.html",
        status=faults.status,
        preview=view.preview_of(counts),
        name=names.get(policy_id or business_hours_id, ""),
        back=f"/policies/{policy_id}" if policy_id else f"/calendars/{business_hours_id}",
        hidden={"policy_id": policy_id, "business_hours_id": business_hours_id, "replan_id": mint("replan")},
        faults=faults,
    )


async def _shown(request: Request, visitor: Visitor, deps: Deps, replan_id: str, faults: Faults) -> Response:
    organization = visitor.organization.id
    replan = await deps.store.replans.get(organization, replan_id)
    changed = await deps.store.replans.changed(organization, replan_id)
    recorded = await deps.store.replanned.recorded(organization, replan_id, replan.last_id)
    moved, refused = view.kept_moves(changed)
    return await page(
        request,
        "replans/replan.html",
        status=faults.status,
        replan=replan,
        asked=view.asked(replan, await _names(deps, visitor)),
        by=await _name_of_key(deps, organization, replan.actor),
        moved=moved[: view.MOST_SHOWN],
        tickets=len({one.instance_id for one in moved}),
        recorded=len(recorded),
        refused=refused,
        faults=faults,
    )


async def _names(deps: Deps, visitor: Visitor) -> dict[str, str]:
    found = await reading.policies_of(deps, visitor.organization.id, archived=True)
    hours = await reading.hours_of(deps, visitor.organization.id)
    return {one.policy.id: one.policy.name for one in found} | {one.id: one.name for one in hours}


async def _name_of_key(deps: Deps, organization: str, key_id: str) -> str:
    keys = (await deps.store.keys.list(organization, ListPart(reading.ALL))).rows
    return next((one.name for one in keys if one.id == key_id), key_id)
