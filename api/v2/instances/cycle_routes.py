"""`/instances/{id}/cycles` and `/instances/{id}/stints`: all of them. The view of an instance shows only the latest."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.http.auth import Reader
from api.http.dependencies import Deps
from api.http.lists.exports import Row
from api.http.lists.listing import Asked, as_it_is
from api.http.lists.tables import TableOf, asking, at_hand
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.instances import examples
from api.v2.instances.routes import Id
from api.v2.instances.schemas import CyclePage, EarlierCycleView, StintPage, StintView
from service.instances.reading.listed import CYCLES, STINTS
from service.instances.reading.views import find_instance

router = APIRouter(prefix=f"{V2}/instances", tags=["Instances"], route_class=JsonRoute)

_CYCLES: TableOf[Row] = TableOf(CYCLES, EarlierCycleView)
_PartOfCycles = Annotated[Asked, Depends(asking(CYCLES))]
_STINTS: TableOf[Row] = TableOf(STINTS, StintView)
_PartOfStints = Annotated[Asked, Depends(asking(STINTS))]


@router.get(
    "/{instance_id}/cycles",
    response_model=CyclePage,
    response_model_exclude_unset=True,
    responses=_CYCLES.documented(examples.CYCLES["data"][0], 401, 403, 404, 422, 503),
    summary="The earlier cycles of an instance's clocks",
)
async def list_instance_cycles(
    instance_id: Id, owner: Reader, part: _PartOfCycles, deps: Deps, response: Response
) -> Any:
    """All earlier cycles: those of clocks that have begun again since, in the order in which they began. The instance
    itself shows the latest 20.

    As CSV or NDJSON the list is whole unless a `limit` is given.
    """
    found, now = await find_instance(deps, owner.organization, instance_id), deps.now()
    return await _CYCLES.answer(part, response, at_hand(lambda asked: found.earlier_cycles(now, asked)), as_it_is)


@router.get(
    "/{instance_id}/stints",
    response_model=StintPage,
    response_model_exclude_unset=True,
    responses=_STINTS.documented(examples.STINTS["data"][0], 401, 403, 404, 422, 503),
    summary="Which team had the ticket of an instance when",
)
async def list_instance_stints(
    instance_id: Id, owner: Reader, part: _PartOfStints, deps: Deps, response: Response
) -> Any:
    """All stints in the order in which they began. An instance of kind `sla` has none. The instance itself shows the
    latest 20.

    As CSV or NDJSON the list is whole unless a `limit` is given.
    """
    found, now = await find_instance(deps, owner.organization, instance_id), deps.now()
    return await _STINTS.answer(part, response, at_hand(lambda asked: found.stints(now, asked)), as_it_is)
