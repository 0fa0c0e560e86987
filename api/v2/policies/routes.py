"""Policies: create, list, get, change, archive, order, history."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.http import problems
from api.http.auth import Reader, Writer, require_enterprise
from api.http.dependencies import Deps
from api.http.lists.collections import Collection
from api.http.lists.listing import Asked
from api.http.lists.tables import TableOf, asking
from api.http.requests import JsonRoute
from api.http.versions import unmodified
from api.v2.policies import examples
from api.v2.policies.change_schemas import (
    OrderBody,
    OrderView,
    PolicyId,
    PolicyPatch,
    PolicyVersionPage,
    PolicyVersionView,
)
from api.v2.policies.changes import Edit
from api.v2.policies.kinds import PREFIXES, KindOfRoute
from api.v2.policies.schemas import OriginOfList, PolicyBody, PolicyPage, PolicyView
from api.v2.policies.tags import POLICIES, IfNoneMatch, tag_of
from api.v2.policies.views import policy_view, policy_views, version_view
from domain.people.lints import names_people
from domain.ticket.origins import Origin
from service.policies import editing
from service.policies.editing import find_policy
from service.policies.patch import patched_policy
from store.access.keys import KeyOwner
from store.lists.listed import Found, ListPart
from store.rules.policies import LISTED
from store.rules.policy_history import LISTED_VERSIONS, PolicyVersion

_VERSIONS: TableOf[PolicyVersion] = TableOf(LISTED_VERSIONS, PolicyVersionView)
_PartOfVersions = Annotated[Asked, Depends(asking(LISTED_VERSIONS))]

router = APIRouter(prefix="/policies", route_class=JsonRoute)
_POLICIES: Collection[dict[str, Any]] = Collection(
    router, "policy_id", LISTED, PolicyView, POLICIES, leaves_out_unset=True
)

_Part = Annotated[Asked, Depends(asking(LISTED))]


@_POLICIES.create("Create a policy with its targets and escalations", conflicts=True)
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
    return await policy_view(deps, owner.organization, stored)


@_POLICIES.page("List policies in the order of evaluation", PolicyPage, examples.POLICY_VIEW)
async def list_policies(
    owner: Reader,
    kind: KindOfRoute,
    part: _Part,
    deps: Deps,
    response: Response,
    include_archived: bool = False,
    origin: OriginOfList = "v2",
) -> Any:
    """As CSV or NDJSON the list is whole unless a `limit` is given."""
    wanted = None if origin == "all" else Origin(origin)

    async def find(asked: ListPart) -> Found[dict[str, Any]]:
        found = await deps.store.policies.list(owner.organization, kind, asked, include_archived, wanted)
        return Found(await policy_views(deps, owner.organization, found.rows), found.total, found.last)

    return await _POLICIES.table.answer(part, response, find, dict)


@_POLICIES.get("Get a policy")
async def get_policy(
    policy_id: PolicyId, owner: Reader, kind: KindOfRoute, deps: Deps, known: IfNoneMatch, response: Response
) -> Any:
    """An archived policy is found, too; `archived_at` says since when it is archived. One that names people is answered
    whole, whatever `If-None-Match` says: its `lints` change without it."""
    stored = await find_policy(deps, owner.organization, kind, policy_id)
    tag = tag_of(stored)
    if (answer := unmodified(known, tag)) is not None and not names_people(stored.policy):
        return answer
    response.headers["ETag"] = tag
    return await policy_view(deps, owner.organization, stored)


@_POLICIES.change("Change a policy", conflicts=True)
async def change_policy(policy_id: PolicyId, body: PolicyPatch, edit: Edit, response: Response) -> dict[str, Any]:
    """Only the fields that are given change; each is replaced as a whole. Instances keep the version they opened under.

    Of a policy of the API v1, only business hours, escalations, the description and `enabled` can be changed here.
    """
    _require_plan(edit.owner, body)
    stored = await edit.revise(policy_id, lambda policy: patched_policy(policy, body.given()))
    response.headers["ETag"] = tag_of(stored)
    return await policy_view(edit.deps, edit.owner.organization, stored)


@_POLICIES.delete("Archive a policy", conflicts=True)
async def archive_policy(policy_id: PolicyId, edit: Edit) -> None:
    """Refused (409) while instances of the policy are open; `value` says how many. Archiving it again changes nothing.

    Refused (409) for a policy of the API v1, which is deleted there.
    """
    await edit.archive(policy_id)


@router.get(
    "/{policy_id}/versions",
    response_model=PolicyVersionPage,
    response_model_exclude_unset=True,
    responses=_VERSIONS.documented(examples.VERSION, 401, 403, 404, 422, 503),
    summary="List who changed a policy, what and when, oldest first",
)
async def list_policy_versions(
    policy_id: PolicyId, owner: Reader, kind: KindOfRoute, part: _PartOfVersions, deps: Deps, response: Response
) -> Any:
    """As CSV or NDJSON the list is whole unless a `limit` is given."""
    await find_policy(deps, owner.organization, kind, policy_id)
    return await _VERSIONS.answer(
        part, response, lambda asked: deps.store.policies.versions(owner.organization, policy_id, asked), version_view
    )


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
