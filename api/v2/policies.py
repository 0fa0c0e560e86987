"""`/policies`: create, list, get."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from api import problems
from api.auth import Reader, Writer
from api.dependencies import Deps
from api.requests import JsonRoute
from api.schemas import DEFAULT_LIMIT, Limit, Offset, page
from api.v2.policy_schemas import PolicyBody, PolicyPage, PolicyView
from domain.errors import NotFound
from domain.ids import Kind
from domain.instants import render
from domain.policies import Policy
from store.ids import mint
from store.policies import StoredPolicy

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
    stored = await deps.store.policies.create(owner.organization, policy)
    response.headers["Location"] = f"/api/v2/sla/policies/{stored.policy.id}"
    return policy_view(stored)


@router.get(
    "",
    response_model=PolicyPage,
    response_model_exclude_unset=True,
    responses=problems.documented(401, 403, 422, 503),
    summary="List policies in the order of evaluation",
)
async def list_policies(owner: Reader, deps: Deps, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0) -> dict[str, Any]:
    found, total = await deps.store.policies.list(owner.organization, Kind.SLA, limit, offset)
    return page([policy_view(stored) for stored in found], total, limit, offset)


@router.get(
    "/{policy_id}",
    response_model=PolicyView,
    response_model_exclude_unset=True,
    responses=problems.documented(401, 403, 404, 503),
    summary="Get a policy",
)
async def get_policy(policy_id: str, owner: Reader, deps: Deps) -> dict[str, Any]:
    stored = await deps.store.policies.get(owner.organization, policy_id)
    if stored.policy.kind is not Kind.SLA:
        raise NotFound(f"There is no policy {policy_id}.", field="policy_id", value=policy_id)
    return policy_view(stored)


def policy_view(stored: StoredPolicy) -> dict[str, Any]:
    document = stored.policy.to_json()
    del document["kind"]
    return {**document, "created_at": render(stored.created_at), "updated_at": render(stored.updated_at)}


def _with_ids(document: dict[str, Any]) -> dict[str, Any]:
    return {
        **document,
        "id": mint("sla"),
        "targets": [{**target, "id": mint("target")} for target in document.get("targets") or ()],
        "escalations": [{**step, "id": mint("esc")} for step in document.get("escalations") or ()],
    }
