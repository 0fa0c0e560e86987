"""`POST /preview-deadline`: when a length of working time ends."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.http import problems
from api.http.auth import Reader
from api.http.dependencies import Deps
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.http.schemas import Body, DateTime
from api.v2.business_hours.schemas import HoursBody
from domain.calendar import Calendar
from domain.errors import InvalidValue, NotFound
from domain.instants import MINUTE, Micros, duration, in_units, parse, render
from service.business_hours.reading import read_hours
from service.dependencies import Dependencies

router = APIRouter(prefix=V2, tags=["Preview"], route_class=JsonRoute)


class PreviewHours(HoursBody):
    name: str = Field(default="", description="Accepted and ignored.")


class PreviewBody(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"business_hours_id": "bh_default", "start_at": "2026-03-08T09:00:00Z", "duration_minutes": 240}
            ]
        }
    )

    business_hours_id: str | None = Field(default=None, examples=["bh_abc123"])
    business_hours: PreviewHours | None = Field(
        default=None, description="Hours that are not stored, instead of an id."
    )
    start_at: DateTime = Field(examples=["2026-03-08T09:00:00Z"])
    duration_minutes: float = Field(description="Working minutes; fractions are legal.", examples=[240])


class Preview(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {"deadline_at": "2026-03-08T17:00:00Z", "business_minutes": 240, "calendar_minutes": 480}
        }
    )

    deadline_at: DateTime
    business_minutes: int | float
    calendar_minutes: int | float


@router.post(
    "/preview-deadline",
    response_model=Preview,
    responses=problems.documented(400, 401, 403, 413, 415, 422, 503),
    summary="Preview a deadline",
)
async def preview_deadline(body: PreviewBody, owner: Reader, deps: Deps) -> dict[str, Any]:
    """The organization's default calendar is used where neither `business_hours_id` nor `business_hours` is given."""
    start = parse(body.start_at, "start_at")
    length = duration(body.duration_minutes, MINUTE, "duration_minutes")
    calendar = await _calendar(body, owner.organization, deps)
    deadline = calendar.add(start, length)
    return {
        "deadline_at": render(deadline),
        "business_minutes": in_units(length, MINUTE),
        "calendar_minutes": in_units(Micros(deadline - start), MINUTE),
    }


async def _calendar(body: PreviewBody, organization: str, deps: Dependencies) -> Calendar:
    if body.business_hours is not None and body.business_hours_id is not None:
        raise InvalidValue(
            "business_hours", body.business_hours_id, "must not be given together with business_hours_id"
        )
    if body.business_hours is not None:
        return await read_hours(deps, organization, body.business_hours.given(), "business_hours")
    if body.business_hours_id is None:
        return (await deps.store.calendars.default(organization)).calendar
    try:
        return (await deps.store.calendars.get(organization, body.business_hours_id)).calendar
    except NotFound:
        raise InvalidValue(
            "business_hours_id", body.business_hours_id, "names business hours that do not exist"
        ) from None
