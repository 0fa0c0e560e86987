"""Escalations of a policy, one by one: add, change, delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fastapi import APIRouter

from api import problems
from api.auth import Writer
from api.dependencies import Dependencies, Deps
from api.requests import JsonRoute
from api.v2.policy_change_schemas import EscalationOfPolicyView, EscalationPatch
from api.v2.policy_changes import KIND, fields_of, revise
from api.v2.policy_patch import patched_escalation
from api.v2.policy_schemas import EscalationBody
from api.v2.policy_views import escalation_view
from domain.errors import NotFound
from domain.escalations import EscalationRule
from domain.policies import Policy
from store.ids import mint
from store.keys import KeyOwner

router = APIRouter(tags=["Escalations"], route_class=JsonRoute)


@router.post(
    "/policies/{policy_id}/escalations",
    status_code=201,
    response_model=EscalationOfPolicyView,
    responses=problems.documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    summary="Add an escalation to a policy",
)
async def add_escalation(policy_id: str, body: EscalationBody, owner: Writer, deps: Deps) -> dict[str, Any]:
    with fields_of("escalation"):
        step = EscalationRule.from_json({**body.given(), "id": mint("esc")})
    await revise(deps, owner, policy_id, lambda policy: replace(policy, escalations=(*policy.escalations, step)))
    return {**escalation_view(step), "policy_id": policy_id}


@router.patch(
    "/escalations/{escalation_id}",
    response_model=EscalationOfPolicyView,
    responses=problems.documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    summary="Change an escalation",
)
async def change_escalation(escalation_id: str, body: EscalationPatch, owner: Writer, deps: Deps) -> dict[str, Any]:
    """Only the fields that are given change; of `threshold_minutes` and `trigger_percent` the last one set counts."""
    with fields_of("escalation"):
        changed = await _replace(deps, owner, escalation_id, lambda step: (patched_escalation(step, body.given()),))
    step = next(one for one in changed.escalations if one.id == escalation_id)
    return {**escalation_view(step), "policy_id": changed.id}


@router.delete(
    "/escalations/{escalation_id}",
    status_code=204,
    responses=problems.documented(401, 403, 404, 409, 503),
    summary="Delete an escalation",
)
async def delete_escalation(escalation_id: str, owner: Writer, deps: Deps) -> None:
    await _replace(deps, owner, escalation_id, lambda step: ())


async def _replace(
    deps: Dependencies,
    owner: KeyOwner,
    escalation_id: str,
    change: Callable[[EscalationRule], tuple[EscalationRule, ...]],
) -> Policy:
    def changed(policy: Policy) -> Policy:
        place = next((at for at, step in enumerate(policy.escalations) if step.id == escalation_id), None)
        if place is None:
            raise NotFound(f"There is no escalation {escalation_id}.", field="escalation_id", value=escalation_id)
        before, after = policy.escalations[:place], policy.escalations[place + 1 :]
        return replace(policy, escalations=(*before, *change(policy.escalations[place]), *after))

    holder = await deps.store.policies.holding(owner.organization, KIND, "escalations", escalation_id)
    return (await revise(deps, owner, holder.policy.id, changed)).policy
