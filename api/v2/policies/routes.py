"""Policies: create, list, get, change, archive, order, history."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from api.http import problems
from api.http.auth import Reader, Writer, require_enterprise
from api.http.dependencies import Deps
from api.http.requests import JsonRoute
from api.http.schemas import DEFAULT_LIMIT, Limit, Offset, page
from api.v2.policies.change_schemas import OrderBody, OrderView, PolicyId, PolicyPatch, PolicyVersionPage
from api.v2.policies.changes import Edit
from api.v2.policies.kinds import PREFIXES, KindOfRoute
from api.v2.policies.schemas import OriginOfList, PolicyBody, PolicyPage, PolicyView
from api.v2.policies.tags import NOT_MODIFIED, TAGGED, IfNoneMatch, tag_of
from api.v2.policies.views import policy_view, version_view
from domain.ticket.origins import Origin
from service.policies import editing
from service.policies.editing import find_policy
from service.policies.patch import patched_policy
from store.access.keys import KeyOwner

router = APIRouter(prefix="/policies", route_class=JsonRoute)


@router.post(
    "",
    status_code=201,
    response_model=PolicyView,
    response_model_exclude_unset=True,
    responses={201: TAGGED, **problems.documented(400, 401, 403, 409, 413, 415, 422, 503)},
    summary="Create a policy with its targets and escalations",
)
async def create_policy(
    body: PolicyBody, owner: Writer, kind: KindOfRoute, deps: Deps, response: Response
) -> dict[str, Any]:
    """The policy is evaluated after those that are there already. The first policy that matches a ticket applies.

    Refused (409) when an id that the body chooses is taken.
    """
    _require_plan(owner, body)
    stored = await editing.create_policy(deps, owner, kind, body.given())
    response.headers["Location"] = f"/api/v2/sla{PREFIXES[kind]}/policies/{stored.policy.id}"
    response.headers["ETag"] = tag_of(stored)
    return policy_view(stored)


@router.get(
    "",
    response_model=PolicyPage,
    response_model_exclude_unset=True,
    responses=problems.documented(401, 403, 422, 503),
    summary="List policies in the order of evaluation",
)
async def list_policies(
    owner: Reader,
    kind: KindOfRoute,
    deps: Deps,
    include_archived: bool = False,
    origin: OriginOfList = "v2",
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> dict[str, Any]:
    wanted = None if origin == "all" else Origin(origin)
    found, total = await deps.store.policies.list(owner.organization, kind, limit, offset, include_archived, wanted)
    return page([policy_view(stored) for stored in found], total, limit, offset)


@router.get(
    "/{policy_id}",
    response_model=PolicyView,
    response_model_exclude_unset=True,
    responses={200: TAGGED, 304: NOT_MODIFIED, **problems.documented(401, 403, 404, 422, 503)},
    summary="Get a policy",
)
async def get_policy(
    policy_id: PolicyId, owner: Reader, kind: KindOfRoute, deps: Deps, known: IfNoneMatch, response: Response
) -> Any:
    """An archived policy is found, too; `archived_at` says since when it is archived."""
    stored = await find_policy(deps, owner.organization, kind, policy_id)
    tag = tag_of(stored)
    if known is not None and known.match_weakly(tag):
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return policy_view(stored)


@router.patch(
    "/{policy_id}",
    response_model=PolicyView,
    response_model_exclude_unset=True,
    responses={200: TAGGED, **problems.documented(400, 401, 403, 404, 409, 412, 413, 415, 422, 503)},
    summary="Change a policy",
)
async def change_policy(policy_id: PolicyId, body: PolicyPatch, edit: Edit, response: Response) -> dict[str, Any]:
    """Only the fields that are given change; each is replaced as a whole. Instances keep the version they opened under.

    Of a policy of the API v1, only business hours, escalations, the description and `enabled` can be changed here.
    """
    _require_plan(edit.owner, body)
    stored = await edit.revise(policy_id, lambda policy: patched_policy(policy, body.given()))
    response.headers["ETag"] = tag_of(stored)
    return policy_view(stored)


@router.delete(
    "/{policy_id}",
    status_code=204,
    responses=problems.documented(401, 403, 404, 409, 412, 422, 503),
    summary="Archive a policy",
)
async def archive_policy(policy_id: PolicyId, edit: Edit) -> None:
    """Refused (409) while instances of the policy are open; `value` says how many. Archiving it again changes nothing.

    Refused (409) for a policy of the API v1, which is deleted there.
    """
    await edit.archive(policy_id)


@router.get(
    "/{policy_id}/versions",
    response_model=PolicyVersionPage,
    response_model_exclude_unset=True,
    responses=problems.documented(401, 403, 404, 422, 503),
    summary="List who changed a policy, what and when, oldest first",
)
async def list_policy_versions(
    policy_id: PolicyId,
    owner: Reader,
    kind: KindOfRoute,
    deps: Deps,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> dict[str, Any]:
    await find_policy(deps, owner.organization, kind, policy_id)
    found, total = await deps.store.policies.versions(owner.organization, policy_id, limit, offset)
    return page([version_view(version) for version in found], total, limit, offset)


@router.post(
    "/reorder",
    response_model=OrderView,
    responses=problems.documented(400, 401, 403, 413, 415, 422, 503),
    summary="Set the order in which policies are evaluated",
)
async def reorder_policies(body: OrderBody, owner: Writer, kind: KindOfRoute, deps: Deps) -> dict[str, Any]:
    """The body names every policy of this API that is not archived exactly once.

    Otherwise `errors` lists the ids that are missing, unknown or doubled.
    """
    await deps.store.policies.reorder(owner.organization, kind, body.policy_ids)
    return {"policy_ids": body.policy_ids}


def _require_plan(owner: KeyOwner, body: PolicyBody | PolicyPatch) -> None:
    if body.escalations:
        require_enterprise(owner, "A policy with escalations")
