"""Targets of a policy, one by one: add, delete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter

from api import problems
from api.auth import Writer
from api.dependencies import Deps
from api.requests import JsonRoute
from api.v2.policy_change_schemas import TargetOfPolicyView
from api.v2.policy_changes import KIND, fields_of, revise
from api.v2.policy_schemas import TargetBody
from domain.errors import Conflict, NotFound
from domain.policies import Policy, TargetRule
from store.ids import mint

router = APIRouter(tags=["Targets"], route_class=JsonRoute)


@router.post(
    "/policies/{policy_id}/targets",
    status_code=201,
    response_model=TargetOfPolicyView,
    responses=problems.documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    summary="Add a target to a policy",
)
async def add_target(policy_id: str, body: TargetBody, owner: Writer, deps: Deps) -> dict[str, Any]:
    """Refused (409) when the policy has a target for this type and priority already."""
    with fields_of("target"):
        target = TargetRule.from_json({**body.given(), "id": mint("target")})
    await revise(deps, owner, policy_id, lambda policy: _with(policy, target))
    return {**target.to_json(), "policy_id": policy_id}


@router.delete(
    "/targets/{target_id}",
    status_code=204,
    responses=problems.documented(401, 403, 404, 409, 503),
    summary="Delete a target",
)
async def delete_target(target_id: str, owner: Writer, deps: Deps) -> None:
    stored = await deps.store.policies.holding(owner.organization, KIND, "targets", target_id)
    await revise(deps, owner, stored.policy.id, lambda policy: _without(policy, target_id))


def _with(policy: Policy, target: TargetRule) -> Policy:
    same = (one.id for one in policy.targets if (one.type, one.priority) == (target.type, target.priority))
    if (there := next(same, None)) is not None:
        pair = f"{target.type} for {target.priority or 'any priority'}"
        raise Conflict(f"policy {policy.id} has a target for {pair}: {there}", field="target_id", value=there)
    return replace(policy, targets=(*policy.targets, target))


def _without(policy: Policy, target_id: str) -> Policy:
    kept = tuple(target for target in policy.targets if target.id != target_id)
    if kept == policy.targets:
        raise NotFound(f"There is no target {target_id}.", field="target_id", value=target_id)
    return replace(policy, targets=kept)
