"""`/business-hours/{id}/versions` and `/business-hours/{id}/days`: earlier versions, and the hours of each date."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.http import problems
from api.http.auth import Reader
from api.http.dependencies import Deps
from api.http.lists.listing import Asked
from api.http.lists.tables import TableOf, asking
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.business_hours.history_schemas import (
    VERSION,
    BusinessHoursVersionPage,
    BusinessHoursVersionView,
    DaysView,
    FirstDay,
    LastDay,
    Version,
)
from api.v2.business_hours.schemas import BusinessHoursId
from domain.calendar import Holiday, tzdata_version
from domain.calendar.effective import ClockChange, EffectiveDay, OpenWindow
from domain.calendar.validation import WEEKDAYS
from domain.instants import MINUTE, render
from service.business_hours.days import effective_days
from service.business_hours.reading import rules_view
from store.rules.calendars import LISTED_VERSIONS, StoredVersion

_LIST: TableOf[StoredVersion] = TableOf(LISTED_VERSIONS, BusinessHoursVersionView)
_Part = Annotated[Asked, Depends(asking(LISTED_VERSIONS))]

router = APIRouter(prefix=f"{V2}/business-hours", tags=["Business hours"], route_class=JsonRoute)


@router.get(
    "/{business_hours_id}/versions",
    response_model=BusinessHoursVersionPage,
    responses=_LIST.documented(VERSION, 401, 403, 404, 422, 503),
    summary="List who changed business hours, what and when, oldest first",
)
async def list_business_hours_versions(
    business_hours_id: BusinessHoursId, owner: Reader, part: _Part, deps: Deps, response: Response
) -> Any:
    """As CSV or NDJSON the list is whole unless a `limit` is given."""
    store, organization = deps.store.calendars, owner.organization
    return await _LIST.answer(
        part, response, lambda asked: store.versions(organization, business_hours_id, asked), _version_view
    )


@router.get(
    "/{business_hours_id}/days",
    response_model=DaysView,
    responses=problems.documented(401, 403, 404, 422, 503),
    summary="List when business hours are open, date by date",
)
async def list_business_hours_days(
    business_hours_id: BusinessHoursId,
    owner: Reader,
    deps: Deps,
    first: FirstDay,
    last: LastDay,
    version: Version = None,
) -> dict[str, Any]:
    """The hours of each date, with holidays, special days, openings, breaks and clock changes taken into account. They
    are those of the present version, or of an earlier one that is named."""
    store = deps.store.calendars
    if version is None:
        version = (await store.get(owner.organization, business_hours_id)).version
    stored = await store.version(owner.organization, business_hours_id, version)
    days = effective_days(stored.calendar, first, last)
    return {
        "business_hours_id": business_hours_id,
        "version": stored.version,
        "timezone": stored.calendar.timezone,
        "tzdata_version": tzdata_version(),
        "working_minutes": sum(day.working for day in days) / MINUTE,
        "days": [_day_view(day) for day in days],
    }


def _day_view(day: EffectiveDay) -> dict[str, Any]:
    return {
        "date": day.day.isoformat(),
        "weekday": WEEKDAYS[day.day.weekday()],
        "open": [_window_view(window) for window in day.windows],
        "working_minutes": day.working / MINUTE,
        "holidays": [_holiday_view(holiday) for holiday in day.holidays],
        "special": day.special,
        "clock_changes": [_change_view(change) for change in day.clock_changes],
    }


def _window_view(window: OpenWindow) -> dict[str, Any]:
    return {
        "from": window.opens,
        "to": window.closes,
        "opens_at": render(window.start),
        "closes_at": render(window.end),
    }


def _holiday_view(holiday: Holiday) -> dict[str, Any]:
    return {"name": holiday.name, "closed": [window.to_json() for window in holiday.closed] or None}


def _change_view(change: ClockChange) -> dict[str, Any]:
    return {
        "at": render(change.at),
        "offset_minutes_before": change.before / MINUTE,
        "offset_minutes_after": change.after / MINUTE,
    }


def _version_view(stored: StoredVersion) -> dict[str, Any]:
    return {
        "version": stored.version,
        "changed_at": render(stored.changed_at),
        "changed_by": stored.changed_by,
        "changed_by_name": stored.key_name,
        "business_hours": rules_view(stored.name, stored.calendar),
    }
