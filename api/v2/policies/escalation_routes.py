"""Escalations of a policy, one by one: add, change, delete. They need the organization's plan Enterprise."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Depends, Response

from api.http import problems
from api.http.auth import enterprise_writer
from api.http.requests import JsonRoute
from api.v2.policies.change_schemas import EscalationId, EscalationOfPolicyView, EscalationPatch, PolicyId
from api.v2.policies.changes import Edit, fields_of
from api.v2.policies.schemas import EscalationBody
from api.v2.policies.tags import TAGGED, tag_of
from api.v2.policies.views import escalation_view
from domain.errors import Conflict, InvalidValue, NotFound
from domain.policy.escalations import EscalationRule
from domain.policy.policies import Policy
from service.policies.editing import Editor
from service.policies.ids import ESCALATION, chosen_or_new
from service.policies.patch import patched_escalation
from store.rules.policies import StoredPolicy

router = APIRouter(route_class=JsonRoute, dependencies=[Depends(enterprise_writer)])


@router.post(
    "/policies/{policy_id}/escalations",
    status_code=201,
    response_model=EscalationOfPolicyView,
    responses={201: TAGGED, **problems.documented(400, 401, 403, 404, 409, 412, 413, 415, 422, 503)},
    summary="Add an escalation to a policy",
)
async def add_escalation(policy_id: PolicyId, body: EscalationBody, edit: Edit, response: Response) -> dict[str, Any]:
    """A policy and a type of target may have any number of escalations. Each is a milestone of its own."""
    with fields_of("escalation"):
        step = EscalationRule.from_json({**body.given(), "id": chosen_or_new(body.id, ESCALATION)})
    chosen = () if body.id is None else (step.id,)
    with _fields_of_one():
        stored = await edit.revise(policy_id, lambda policy: _with(policy, step), chosen)
    response.headers["ETag"] = tag_of(stored)
    return {**escalation_view(step), "policy_id": policy_id}


@router.patch(
    "/escalations/{escalation_id}",
    response_model=EscalationOfPolicyView,
    responses={200: TAGGED, **problems.documented(400, 401, 403, 404, 409, 412, 413, 415, 422, 503)},
    summary="Change an escalation",
)
async def change_escalation(
    escalation_id: EscalationId, body: EscalationPatch, edit: Edit, response: Response
) -> dict[str, Any]:
    """Only the fields that are given change. Of `threshold_minutes` and `trigger_percent` the one that was set last
    counts."""
    with fields_of("escalation"), _fields_of_one():
        stored = await _replace(edit, escalation_id, lambda step: (patched_escalation(step, body.given()),))
    response.headers["ETag"] = tag_of(stored)
    step = next(one for one in stored.policy.escalations if one.id == escalation_id)
    return {**escalation_view(step), "policy_id": stored.policy.id}


@router.delete(
    "/escalations/{escalation_id}",
    status_code=204,
    responses={204: TAGGED, **problems.documented(401, 403, 404, 409, 412, 422, 503)},
    summary="Delete an escalation",
)
async def delete_escalation(escalation_id: EscalationId, edit: Edit, response: Response) -> None:
    stored = await _replace(edit, escalation_id, lambda step: ())
    response.headers["ETag"] = tag_of(stored)


@contextmanager
def _fields_of_one() -> Iterator[None]:
    """Names a field at fault without the place that its escalation has in the policy."""
    try:
        yield
    except InvalidValue as error:
        raise error.named(re.sub(r"^escalations\[\d+\]\.", "", error.field or "")) from None


def _with(policy: Policy, step: EscalationRule) -> Policy:
    if any(one.id == step.id for one in policy.escalations):
        raise Conflict(f"escalation {step.id} exists already", field="id", value=step.id)
    policy.require_clock(step.target_type, "target_type")
    return replace(policy, escalations=(*policy.escalations, step))


async def _replace(
    edit: Editor, escalation_id: str, change: Callable[[EscalationRule], tuple[EscalationRule, ...]]
) -> StoredPolicy:
    def changed(policy: Policy) -> Policy:
        place = next((at for at, step in enumerate(policy.escalations) if step.id == escalation_id), None)
        if place is None:
            raise NotFound(f"There is no escalation {escalation_id}.", field="escalation_id", value=escalation_id)
        before, after = policy.escalations[:place], policy.escalations[place + 1 :]
        steps = change(policy.escalations[place])
        for step in steps:
            policy.require_clock(step.target_type, "target_type")
        return replace(policy, escalations=(*before, *steps, *after))

    policy_id = await edit.holder("escalations", escalation_id)
    return await edit.revise(policy_id, changed)
