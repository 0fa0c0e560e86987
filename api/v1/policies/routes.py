"""`/sla-policies`: create, list, get, put, delete."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from api.http import problems
from api.http.auth import Reader, Writer
from api.http.dependencies import Deps
from api.http.prefixes import V1
from api.http.requests import JsonRoute
from api.http.versions import unmodified
from api.v1.fields import camel_case_fields
from api.v1.policies.changes import Edit, find_policy
from api.v1.policies.schemas import PolicyId, SlaPolicyBody, SlaPolicyList, SlaPolicyView
from api.v1.translation.policies import ID_PREFIX, blank_policy, priority_of, terms_of, with_terms
from api.v2.policies.tags import POLICIES, TAGGED, IfNoneMatch, tag_of
from domain.ids import Kind
from domain.instants import render
from domain.policy.priorities import Priority
from domain.ticket.origins import Origin
from store.database.ids import mint
from store.lists.listed import ListPart
from store.rules.policies import StoredPolicy

router = APIRouter(prefix=f"{V1}/sla-policies", tags=["Scrubbe: SLA policies"], route_class=JsonRoute)


@router.post(
    "",
    status_code=201,
    response_model=SlaPolicyView,
    responses={201: TAGGED, **problems.documented(400, 401, 403, 409, 413, 415, 422, 503)},
    summary="Create the policy of a priority",
)
async def create_sla_policy(body: SlaPolicyBody, owner: Writer, deps: Deps, response: Response) -> dict[str, Any]:
    """Refused (409) when the priority has a policy already; `value` is the id of that policy."""
    policy = with_terms(blank_policy(mint(ID_PREFIX)), body.given())
    with camel_case_fields():
        stored = await deps.store.policies.create(owner.organization, policy, owner.id)
    response.headers["Location"] = f"/api/v1/sla-policies/{policy.id}"
    response.headers["ETag"] = tag_of(stored)
    return policy_view(stored)


@router.get(
    "",
    response_model=SlaPolicyList,
    responses=problems.documented(401, 403, 503),
    summary="List the policies, the most urgent priority first",
)
async def list_sla_policies(owner: Reader, deps: Deps) -> list[dict[str, Any]]:
    found = await deps.store.policies.list(owner.organization, Kind.SLA, ListPart(len(Priority)), origin=Origin.V1)
    urgency = list(Priority)
    return [
        policy_view(stored) for stored in sorted(found.rows, key=lambda one: urgency.index(priority_of(one.policy)))
    ]


@router.get(
    "/{policyId}",
    response_model=SlaPolicyView,
    responses={200: TAGGED, 304: POLICIES.not_modified, **problems.documented(401, 403, 404, 422, 503)},
    summary="Get a policy",
)
async def get_sla_policy(policy_id: PolicyId, owner: Reader, deps: Deps, known: IfNoneMatch, response: Response) -> Any:
    stored = await find_policy(deps, owner.organization, policy_id)
    tag = tag_of(stored)
    if (answer := unmodified(known, tag)) is not None:
        return answer
    response.headers["ETag"] = tag
    return policy_view(stored)


@router.put(
    "/{policyId}",
    response_model=SlaPolicyView,
    responses={200: TAGGED, **problems.documented(400, 401, 403, 404, 409, 412, 413, 415, 422, 503)},
    summary="Replace every field of a policy",
)
async def replace_sla_policy(
    policy_id: PolicyId, body: SlaPolicyBody, edit: Edit, response: Response
) -> dict[str, Any]:
    """An optional field that is left out becomes null. Tickets keep the version they were created under.

    Refused (409) when another policy has the priority; `value` is the id of that policy.
    """
    with camel_case_fields():
        stored = await edit.revise(policy_id, lambda policy: with_terms(policy, body.given()))
    response.headers["ETag"] = tag_of(stored)
    return policy_view(stored)


@router.delete(
    "/{policyId}",
    status_code=204,
    responses=problems.documented(401, 403, 404, 409, 412, 422, 503),
    summary="Delete a policy",
)
async def delete_sla_policy(policy_id: PolicyId, edit: Edit) -> None:
    """Refused (409) while tickets are measured by the policy; `value` says how many."""
    with camel_case_fields():
        await edit.archive(policy_id)


def policy_view(stored: StoredPolicy) -> dict[str, Any]:
    return {
        "id": stored.policy.id,
        **terms_of(stored.policy),
        "createdAt": render(stored.created_at),
        "updatedAt": render(stored.updated_at),
        "version": stored.policy.version,
    }
