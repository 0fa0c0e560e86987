"""`/business-hours`: create, list, get, change, delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.http.auth import Reader, Writer
from api.http.dependencies import Deps
from api.http.lists.collections import Collection
from api.http.lists.listing import Asked
from api.http.lists.tables import asking
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

router = APIRouter(prefix=f"{V2}/business-hours", tags=["Business hours"], route_class=JsonRoute)
_BUSINESS_HOURS: Collection[StoredCalendar] = Collection(router, "business_hours_id", LISTED, BusinessHoursView)

_Part = Annotated[Asked, Depends(asking(LISTED))]


@_BUSINESS_HOURS.create("Create business hours")
async def create_business_hours(
    body: BusinessHoursBody, owner: Writer, deps: Deps, response: Response
) -> dict[str, Any]:
    stored = await create_hours(deps, owner, body.given())
    _BUSINESS_HOURS.locate(response, stored.id)
    return calendar_view(stored)


@_BUSINESS_HOURS.page("List business hours", BusinessHoursPage, HOURS_VIEW)
async def list_business_hours(owner: Reader, part: _Part, deps: Deps, response: Response) -> Any:
    """As CSV or NDJSON the list is whole unless a `limit` is given."""
    return await _BUSINESS_HOURS.table.answer(
        part, response, lambda asked: deps.store.calendars.list(owner.organization, asked), calendar_view
    )


@_BUSINESS_HOURS.get("Get business hours")
async def get_business_hours(business_hours_id: BusinessHoursId, owner: Reader, deps: Deps) -> dict[str, Any]:
    return calendar_view(await deps.store.calendars.get(owner.organization, business_hours_id))


@_BUSINESS_HOURS.change("Change business hours", conflicts=True)
async def change_business_hours(
    business_hours_id: BusinessHoursId, body: BusinessHoursPatch, owner: Writer, deps: Deps
) -> dict[str, Any]:
    """Only the fields that are given change; each is replaced as a whole. Instances keep the version they opened
    under."""
    return calendar_view(await change_hours(deps, owner, business_hours_id, lambda _: body.given()))


@_BUSINESS_HOURS.delete("Delete business hours", conflicts=True)
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
