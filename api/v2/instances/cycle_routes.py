"""`/instances/{id}/cycles` and `/instances/{id}/stints`: all of them. The view of an instance shows only the latest."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.http import problems
from api.http.auth import Reader
from api.http.dependencies import Deps
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.http.schemas import DEFAULT_LIMIT, Limit, Offset, page
from api.v2.instances.routes import Id
from api.v2.instances.schemas import CyclePage, StintPage
from service.instances.views import find_instance

router = APIRouter(prefix=f"{V2}/instances", tags=["Instances"], route_class=JsonRoute)

_PAGED: dict[str, Any] = {
    "response_model_exclude_unset": True,
    "responses": problems.documented(401, 403, 404, 422, 503),
}


@router.get(
    "/{instance_id}/cycles", response_model=CyclePage, summary="The earlier cycles of an instance's clocks", **_PAGED
)
async def list_instance_cycles(
    instance_id: Id, owner: Reader, deps: Deps, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
) -> dict[str, Any]:
    """All earlier cycles: those of clocks that have begun again since, in the order in which they began. The instance
    itself shows the latest 20."""
    found = await find_instance(deps, owner.organization, instance_id)
    return page(*found.earlier_cycles(deps.now(), limit, offset), limit, offset)


@router.get(
    "/{instance_id}/stints", response_model=StintPage, summary="Which team had the ticket of an instance when", **_PAGED
)
async def list_instance_stints(
    instance_id: Id, owner: Reader, deps: Deps, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
) -> dict[str, Any]:
    """All stints in the order in which they began. An instance of kind `sla` has none. The instance itself shows the
    latest 20."""
    found = await find_instance(deps, owner.organization, instance_id)
    return page(*found.stints(deps.now(), limit, offset), limit, offset)
