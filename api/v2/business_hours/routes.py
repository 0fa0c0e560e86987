"""`/business-hours`: create, list, get, change, delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.http import problems
from api.http.auth import Reader, Writer
from api.http.dependencies import Deps
from api.http.lists.listing import Asked
from api.http.lists.tables import TableOf, asking
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.business_hours.schemas import (
    HOURS_VIEW,
    BusinessHoursBody,
    BusinessHoursId,
    BusinessHoursPage,
    BusinessHoursPatch,
    BusinessHoursView,
)
from domain.instants import render
from service.business_hours.changing import change_hours, create_hours
from service.business_hours.reading import rules_view
from store.rules.calendars import LISTED, StoredCalendar

_LIST: TableOf[StoredCalendar] = TableOf(LISTED, BusinessHoursView)
_Part = Annotated[Asked, Depends(asking(LISTED))]

router = APIRouter(prefix=f"{V2}/business-hours", tags=["Business hours"], route_class=JsonRoute)


@router.post(
    "",
    status_code=201,
    response_model=BusinessHoursView,
    responses=problems.documented(400, 401, 403, 413, 415, 422, 503),
    summary="Create business hours",
)
async def create_business_hours(
    body: BusinessHoursBody, owner: Writer, deps: Deps, response: Response
) -> dict[str, Any]:
    stored = await create_hours(deps, owner, body.given())
    response.headers["Location"] = f"/api/v2/sla/business-hours/{stored.id}"
    return calendar_view(stored)


@router.get(
    "",
    response_model=BusinessHoursPage,
    responses=_LIST.documented(HOURS_VIEW, 401, 403, 422, 503),
    summary="List business hours",
)
async def list_business_hours(owner: Reader, part: _Part, deps: Deps, response: Response) -> Any:
    """As CSV or NDJSON the list is whole unless a `limit` is given."""
    return await _LIST.answer(
        part, response, lambda asked: deps.store.calendars.list(owner.organization, asked), calendar_view
    )


@router.get(
    "/{business_hours_id}",
    response_model=BusinessHoursView,
    responses=problems.documented(401, 403, 404, 503),
    summary="Get business hours",
)
async def get_business_hours(business_hours_id: BusinessHoursId, owner: Reader, deps: Deps) -> dict[str, Any]:
    return calendar_view(await deps.store.calendars.get(owner.organization, business_hours_id))


@router.patch(
    "/{business_hours_id}",
    response_model=BusinessHoursView,
    responses=problems.documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    summary="Change business hours",
)
async def change_business_hours(
    business_hours_id: BusinessHoursId, body: BusinessHoursPatch, owner: Writer, deps: Deps
) -> dict[str, Any]:
    """Only the fields that are given change; each is replaced as a whole. Instances keep the version they opened
    under."""
    return calendar_view(await change_hours(deps, owner, business_hours_id, lambda _: body.given()))


@router.delete(
    "/{business_hours_id}",
    status_code=204,
    responses=problems.documented(401, 403, 404, 409, 503),
    summary="Delete business hours",
)
async def delete_business_hours(business_hours_id: BusinessHoursId, owner: Writer, deps: Deps) -> None:
    """Refused (409) for the default business hours of the organization, and while a policy, a team or other business
    hours use them."""
    await deps.store.calendars.delete(owner.organization, business_hours_id)


def calendar_view(stored: StoredCalendar) -> dict[str, Any]:
    return {
        "id": stored.id,
        **rules_view(stored.name, stored.calendar),
        "version": stored.version,
        "is_default": stored.is_default,
        "created_at": render(stored.created_at),
        "updated_at": render(stored.updated_at),
    }
