"""`/policies/{id}`: one policy, its versions, archiving it."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request, Response

from domain.errors import Conflict, InvalidValue
from domain.policy.policies import Policy
from domain.ticket.origins import Origin
from service.dependencies import Dependencies
from service.policies.editing import Editor
from store.rules.policies import StoredPolicy
from web.http import notes
from web.http.access import Deps, Reader, Visitor, Writer
from web.http.faults import REFUSALS, Faults, faults_of
from web.http.forms import sent, text
from web.http.page_route import PageRoute
from web.http.rendering import page
from web.pages.policies import reading, view
from web.pages.policies.editor.editable import is_editable, require_editable, require_version

router = APIRouter(route_class=PageRoute)


@router.get("/policies/{policy_id}")
async def show_policy(request: Request, policy_id: str, visitor: Reader, deps: Deps) -> Response:
    stored = await reading.policy_of(deps, visitor.organization.id, policy_id)
    return await _shown(request, stored, visitor, deps, Faults())


@router.get("/policies/{policy_id}/versions")
async def show_policy_versions(request: Request, policy_id: str, visitor: Reader, deps: Deps) -> Response:
    stored = await reading.policy_of(deps, visitor.organization.id, policy_id)
    return await _versions(request, stored, visitor, deps, Faults())


@router.post("/policies/{policy_id}/versions/restore")
async def restore_policy_version(request: Request, policy_id: str, visitor: Writer, deps: Deps) -> Response:
    """Make a new version that says what an earlier one said, unless somebody has made another one meanwhile."""
    stored = await reading.policy_of(deps, visitor.organization.id, policy_id)
    draft = await sent(request)
    try:
        earlier = await _earlier(deps, visitor, stored, text(draft, "version"))
        if earlier.steps:
            visitor.require_enterprise("A policy with escalations")
        editor = Editor(
            deps, visitor.owner, stored.policy.kind, lambda now: require_version(now, text(draft, "present"))
        )
        saved = await editor.take_back(policy_id, earlier)
    except REFUSALS as error:
        return await _versions(request, stored, visitor, deps, faults_of(error, lambda _: ""))
    said = f"Version {earlier.version} is in force again, as version {saved.policy.version}."
    return notes.see_other(request, f"/replans/new?policy_id={policy_id}", said, deps.cipher, deps.now())


async def _earlier(deps: Dependencies, visitor: Visitor, stored: StoredPolicy, number: str) -> Policy:
    """Raises InvalidValue, and Conflict for a policy that is not changed here."""
    require_editable(stored)
    found = await reading.versions_of(deps, visitor.organization.id, stored.policy.id)
    known = {str(one.policy.version): one.policy for one in found}
    if number not in known:
        raise InvalidValue("version", number or None, "must be a version of this policy")
    return known[number]


async def _versions(request: Request, stored: StoredPolicy, visitor: Visitor, deps: Deps, faults: Faults) -> Response:
    found = await reading.versions_of(deps, visitor.organization.id, stored.policy.id)
    return await page(
        request,
        "policies/versions.html",
        status=faults.status,
        name=stored.policy.name,
        back=f"/policies/{stored.policy.id}",
        versions=view.versions(found),
        present=stored.policy.version,
        restores=visitor.may_write and is_editable(stored),
        faults=faults,
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
        editable=is_editable(stored),
        of_v1=stored.policy.origin is Origin.V1,
        faults=faults,
    )
