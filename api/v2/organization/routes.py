"""`/organization`: the organization that the key belongs to. Only `sla organizations set` changes its plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter

from api.http import problems
from api.http.auth import Reader, Writer
from api.http.dependencies import Deps
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.organization.schemas import OrganizationPatch, OrganizationView
from domain.instants import parse, render_optional
from store.access.organizations import NEVER, Organization, QuietBefore

router = APIRouter(prefix=f"{V2}/organization", tags=["Organization"], route_class=JsonRoute)


@router.get(
    "",
    response_model=OrganizationView,
    responses=problems.documented(401, 403, 503),
    summary="Get the organization",
)
async def get_organization(owner: Reader, deps: Deps) -> dict[str, Any]:
    found = await deps.store.organizations.get(owner.organization)
    return organization_view(found, await deps.store.dimensions.are_ready(found.id))


@router.patch(
    "",
    response_model=OrganizationView,
    responses=problems.documented(400, 401, 403, 413, 415, 422, 503),
    summary="Change the organization",
)
async def change_organization(body: OrganizationPatch, owner: Writer, deps: Deps) -> dict[str, Any]:
    """Only the fields that are given change. Running instances keep the business hours they opened under.

    Dimensions that are declared anew count for what is recorded from then on, and for the rest once the engine has
    filled them in: then `dimensions_ready` is true.
    """
    given = body.given()
    changed = await deps.store.organizations.change(
        owner.organization,
        name=given.get("name"),
        timezone=given.get("timezone"),
        default_calendar_id=given.get("default_business_hours_id"),
        quiet_before=_quiet_before(given),
        dimensions=given.get("dimensions"),
    )
    return organization_view(changed, await deps.store.dimensions.are_ready(changed.id))


def _quiet_before(given: Mapping[str, Any]) -> QuietBefore:
    if "quiet_before" not in given:
        return None
    at = given["quiet_before"]
    return NEVER if at is None else parse(at, "quiet_before")


def organization_view(organization: Organization, ready: bool) -> dict[str, Any]:
    return {
        "id": organization.id,
        "name": organization.name,
        "plan": organization.subscription.value,
        "timezone": organization.timezone,
        "default_business_hours_id": organization.default_calendar_id,
        "quiet_before": render_optional(organization.quiet_before),
        "dimensions": list(organization.dimensions),
        "dimensions_ready": ready,
    }
