"""`/business-hours`: create, list, get, change, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.http import problems
from api.http.auth import Reader, Writer
from api.http.dependencies import Deps
from api.http.lists.listing import Asked
from api.http.lists.tables import TableOf, asking
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.business_hours.reading import read_hours, rules_view
from api.v2.business_hours.schemas import (
    HOURS_VIEW,
    BusinessHoursBody,
    BusinessHoursId,
    BusinessHoursPage,
    BusinessHoursPatch,
    BusinessHoursView,
)
from domain.calendar import Calendar
from domain.calendar.combined import Combination
from domain.fields import require_text
from domain.instants import render
from service.concurrency import with_retries
from service.dependencies import Dependencies
from store.access.keys import KeyOwner
from store.rules.calendars import LISTED, StoredCalendar

LONGEST_NAME = 200

Change = Callable[[Calendar], dict[str, Any]]
"""The fields of business hours to be changed, given what they are."""

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
    document = body.given()
    name = require_text(document.pop("name"), "name", LONGEST_NAME)
    calendar = await read_hours(deps, owner.organization, document)
    stored = await deps.store.calendars.create(owner.organization, name, calendar, owner.id)
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
    return await change_with_retries(deps, owner, business_hours_id, lambda _: body.given())


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


async def change_with_retries(
    deps: Dependencies, owner: KeyOwner, business_hours_id: str, change: Change
) -> dict[str, Any]:
    """The business hours after the change. Raises Outdated as `with_retries` does."""
    return await with_retries(lambda: _change(deps, owner, business_hours_id, change))


async def _change(deps: Dependencies, owner: KeyOwner, business_hours_id: str, change: Change) -> dict[str, Any]:
    """One attempt. Raises Outdated when somebody else changes the business hours meanwhile."""
    stored = await deps.store.calendars.get(owner.organization, business_hours_id)
    given = change(stored.calendar)
    name = require_text(given.pop("name", stored.name), "name", LONGEST_NAME)
    calendar = await _changed(deps, owner.organization, stored.calendar, given)
    if (name, calendar) != (stored.name, stored.calendar):
        stored = await deps.store.calendars.update(
            owner.organization, business_hours_id, stored.version, name, calendar, owner.id
        )
    return calendar_view(stored)


def calendar_view(stored: StoredCalendar) -> dict[str, Any]:
    return {
        "id": stored.id,
        **rules_view(stored.name, stored.calendar),
        "version": stored.version,
        "is_default": stored.is_default,
        "created_at": render(stored.created_at),
        "updated_at": render(stored.updated_at),
    }


async def _changed(deps: Dependencies, organization: str, calendar: Calendar, change: dict[str, Any]) -> Calendar:
    base = _kept(calendar, change)
    if calendar.always_open and not change.keys() - {"always"} and change.get("always", True):
        return calendar
    return await read_hours(deps, organization, {**base, **change})


def _kept(calendar: Calendar, change: dict[str, Any]) -> dict[str, Any]:
    """What a change leaves. "Always open", rules and members exclude each other, so a change of the kind keeps nothing
    but the time zone of those it is made of."""
    becomes_combined = any(change.get(how) for how in Combination)
    if calendar.always_open or change.get("always"):
        return {}
    if (combined := calendar.combined) is not None:
        is_rules = any(change.get(name) for name in ("weekly_hours", "special_days", "special_openings"))
        named = {} if becomes_combined or is_rules else {combined.how.value: combined.ids}
        return {"timezone": calendar.timezone, **named}
    return {} if becomes_combined else calendar.to_json()
