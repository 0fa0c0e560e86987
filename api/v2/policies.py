"""`/policies`: create, list, get, change, archive, order, history."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from api import problems
from api.auth import Reader, Writer
from api.dependencies import Deps
from api.requests import JsonRoute
from api.schemas import DEFAULT_LIMIT, Limit, Offset, page
from api.v2.policy_change_schemas import OrderBody, OrderView, PolicyPatch, PolicyVersionPage
from api.v2.policy_changes import KIND, find_policy, revise, settle_first_rows
from api.v2.policy_patch import patched_policy
from api.v2.policy_schemas import PolicyBody, PolicyPage, PolicyView
from api.v2.policy_views import policy_view, version_view
from domain.policies import Policy
from store.ids import mint

router = APIRouter(prefix="/policies", tags=["Policies"], route_class=JsonRoute)


@router.post(
    "",
    status_code=201,
    response_model=PolicyView,
    response_model_exclude_unset=True,
    responses=problems.documented(400, 401, 403, 413, 415, 422, 503),
    summary="Create a policy with its targets and escalations",
)
async def create_policy(body: PolicyBody, owner: Writer, deps: Deps, response: Response) -> dict[str, Any]:
    """It is evaluated after the policies that are there already; the first one that matches a ticket applies."""
    policy = Policy.from_json(_with_ids(body.given()))
    stored = await deps.store.policies.create(owner.organization, policy, changed_by=owner.id)
    response.headers["Location"] = f"/api/v2/sla/policies/{stored.policy.id}"
    return policy_view(stored)


@router.get(
    "",
    response_model=PolicyPage,
    response_model_exclude_unset=True,
    responses=problems.documented(401, 403, 422, 503),
    summary="List policies in the order of evaluation",
)
async def list_policies(
    owner: Reader, deps: Deps, include_archived: bool = False, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
) -> dict[str, Any]:
    found, total = await deps.store.policies.list(owner.organization, KIND, limit, offset, include_archived)
    return page([policy_view(stored) for stored in found], total, limit, offset)


@router.get(
    "/{policy_id}",
    response_model=PolicyView,
    response_model_exclude_unset=True,
    responses=problems.documented(401, 403, 404, 503),
    summary="Get a policy",
)
async def get_policy(policy_id: str, owner: Reader, deps: Deps) -> dict[str, Any]:
    """An archived policy is found too; `archived_at` says since when."""
    return policy_view(await find_policy(deps, owner.organization, policy_id))


@router.patch(
    "/{policy_id}",
    response_model=PolicyView,
    response_model_exclude_unset=True,
    responses=problems.documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    summary="Change a policy",
)
async def change_policy(policy_id: str, body: PolicyPatch, owner: Writer, deps: Deps) -> dict[str, Any]:
    """Only the fields that are given change, each as a whole. Instances keep the version they were opened under."""
    return policy_view(await revise(deps, owner, policy_id, lambda policy: patched_policy(policy, body.given())))


@router.delete(
    "/{policy_id}",
    status_code=204,
    responses=problems.documented(401, 403, 404, 409, 503),
    summary="Archive a policy",
)
async def archive_policy(policy_id: str, owner: Writer, deps: Deps) -> None:
    """Refused (409) while instances of it are open; `value` says how many. Archiving it again changes nothing."""
    stored = await find_policy(deps, owner.organization, policy_id)
    if stored.archived_at is None:
        await settle_first_rows(deps)
        await deps.store.policies.archive(owner.organization, policy_id, changed_by=owner.id)


@router.get(
    "/{policy_id}/versions",
    response_model=PolicyVersionPage,
    response_model_exclude_unset=True,
    responses=problems.documented(401, 403, 404, 422, 503),
    summary="List who changed a policy, what and when, oldest first",
)
async def list_policy_versions(
    policy_id: str, owner: Reader, deps: Deps, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
) -> dict[str, Any]:
    await find_policy(deps, owner.organization, policy_id)
    found, total = await deps.store.policies.versions(owner.organization, policy_id, limit, offset)
    return page([version_view(version) for version in found], total, limit, offset)


@router.post(
    "/reorder",
    response_model=OrderView,
    responses=problems.documented(400, 401, 403, 413, 415, 422, 503),
    summary="Set the order in which policies are evaluated",
)
async def reorder_policies(body: OrderBody, owner: Writer, deps: Deps) -> dict[str, Any]:
    """Names every policy that is not archived exactly once; `errors` lists the ids missing, unknown and doubled."""
    await deps.store.policies.reorder(owner.organization, KIND, body.policy_ids)
    return {"policy_ids": body.policy_ids}


def _with_ids(document: dict[str, Any]) -> dict[str, Any]:
    return {
        **document,
        "id": mint("sla"),
        "targets": [{**target, "id": mint("target")} for target in document.get("targets") or ()],
        "escalations": [{**step, "id": mint("esc")} for step in document.get("escalations") or ()],
    }
