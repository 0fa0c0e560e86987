"""`/policies/{id}`: one policy, its versions, archiving it."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request, Response

from domain.errors import Conflict
from domain.ticket.origins import Origin
from service.policies.editing import Editor
from store.rules.policies import StoredPolicy
from web.http import notes
from web.http.access import Deps, Reader, Visitor, Writer
from web.http.faults import Faults, faults_of
from web.http.page_route import PageRoute
from web.http.rendering import page
from web.pages.policies import reading, view

router = APIRouter(route_class=PageRoute)


@router.get("/policies/{policy_id}")
async def show_policy(request: Request, policy_id: str, visitor: Reader, deps: Deps) -> Response:
    stored = await reading.policy_of(deps, visitor.organization.id, policy_id)
    return await _shown(request, stored, visitor, deps, Faults())


@router.get("/policies/{policy_id}/versions")
async def show_policy_versions(request: Request, policy_id: str, visitor: Reader, deps: Deps) -> Response:
    stored = await reading.policy_of(deps, visitor.organization.id, policy_id)
    found = await reading.versions_of(deps, visitor.organization.id, policy_id)
    return await page(
        request,
        "rules/versions.html",
        name=stored.policy.name,
        back=f"/policies/{policy_id}",
        versions=view.versions(found),
    )


@router.post("/policies/{policy_id}/archive")
async def archive_policy(request: Request, policy_id: str, visitor: Writer, deps: Deps) -> Response:
    stored = await reading.policy_of(deps, visitor.organization.id, policy_id)
    try:
        await Editor(deps, visitor.owner, stored.policy.kind).archive(policy_id)
    except Conflict as error:
        return await _shown(request, stored, visitor, deps, faults_of(error))
    return notes.see_other(request, "/policies", f"{stored.policy.name} is archived.", deps.cipher, deps.now())


async def _shown(request: Request, stored: StoredPolicy, visitor: Visitor, deps: Deps, faults: Faults) -> Response:
    names = await reading.names_of(deps, visitor.organization)
    return await page(
        request,
        "policies/policy.html",
        status=faults.status,
        policy=view.row_of(stored, names),
        document=json.dumps(stored.policy.to_json(), indent=2, ensure_ascii=False),
        editable=stored.archived_at is None and stored.policy.origin is Origin.V2,
        of_v1=stored.policy.origin is Origin.V1,
        faults=faults,
    )
