"""Targets of a policy, one by one: add, delete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Response

from api.http import problems
from api.http.requests import JsonRoute
from api.v2.policies.change_schemas import PolicyId, TargetId, TargetOfPolicyView
from api.v2.policies.changes import Edit, fields_of
from api.v2.policies.schemas import TargetBody
from api.v2.policies.tags import TAGGED, tag_of
from domain.errors import Conflict, NotFound
from domain.policy.policies import Policy
from domain.policy.targets import TargetRule
from service.policies.editing import require_own
from service.policies.ids import TARGET, chosen_or_new

router = APIRouter(route_class=JsonRoute)


@router.post(
    "/policies/{policy_id}/targets",
    status_code=201,
    response_model=TargetOfPolicyView,
    response_model_exclude_unset=True,
    responses={201: TAGGED, **problems.documented(400, 401, 403, 404, 409, 412, 413, 415, 422, 503)},
    summary="Add a target to a policy",
)
async def add_target(policy_id: PolicyId, body: TargetBody, edit: Edit, response: Response) -> dict[str, Any]:
    """Refused (409) when the policy has a target for this type, name and priority already, or when the id is taken.

    Refused (409) for a policy of the API v1, whose targets are changed there.
    """
    with fields_of("target"):
        target = TargetRule.from_json({**body.given(), "id": chosen_or_new(body.id, TARGET)})
    chosen = () if body.id is None else (target.id,)
    stored = await edit.revise(policy_id, lambda policy: _with(policy, target), chosen)
    response.headers["ETag"] = tag_of(stored)
    return {**target.to_json(), "policy_id": policy_id}


@router.delete(
    "/targets/{target_id}",
    status_code=204,
    responses={204: TAGGED, **problems.documented(401, 403, 404, 409, 412, 422, 503)},
    summary="Delete a target",
)
async def delete_target(target_id: TargetId, edit: Edit, response: Response) -> None:
    """Refused (409) for a policy of the API v1, whose targets are changed there."""
    policy_id = await edit.holder("targets", target_id)
    stored = await edit.revise(policy_id, lambda policy: _without(policy, target_id))
    response.headers["ETag"] = tag_of(stored)


def _with(policy: Policy, target: TargetRule) -> Policy:
    require_own(policy)
    same = (one.id for one in policy.targets if policy.place_of(one) == policy.place_of(target))
    if (there := next(same, None)) is not None:
        pair = f"{target.clock_name} for {target.priority or 'any priority'}"
        raise Conflict(f"policy {policy.id} has a target for {pair}: {there}", field="target_id", value=there)
    return replace(policy, targets=(*policy.targets, target))


def _without(policy: Policy, target_id: str) -> Policy:
    require_own(policy)
    kept = tuple(target for target in policy.targets if target.id != target_id)
    if kept == policy.targets:
        raise NotFound(f"There is no target {target_id}.", field="target_id", value=target_id)
    return replace(policy, targets=kept)
