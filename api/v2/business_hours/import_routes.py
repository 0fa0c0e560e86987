"""`/business-hours/{id}/holidays:import`: takes holidays from an iCalendar file."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.http import problems
from api.http.auth import Writer
from api.http.dependencies import Deps
from api.http.prefixes import V2
from api.http.requests import FileRoute
from api.http.schemas import Body
from api.v2.business_hours.routes import calendar_view
from api.v2.business_hours.schemas import HOURS_VIEW, BusinessHoursId, BusinessHoursView
from service.business_hours.importing import import_file

FILE = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n"
    "BEGIN:VEVENT\r\nUID:1@example.com\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Summer outing\r\n"
    "DTSTART;VALUE=DATE:20260605\r\nDTEND;VALUE=DATE:20260606\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)

router = APIRouter(prefix=f"{V2}/business-hours", tags=["Business hours"], route_class=FileRoute)


class ImportBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"ical": FILE}]})

    ical: str = Field(description="The text of the file.", examples=[FILE])
    replace: bool = Field(default=False, description="Instead of the holidays there are, not beside them.")
    strict: bool = Field(default=False, description="An event that cannot be read refuses the whole file.")


class UnreadView(BaseModel):
    event: str = Field(description="The event by its place and name, or the line.", examples=["event 2 (Outing)"])
    reason: str = Field(examples=["RDATE is not read"])


class ImportView(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"imported": 1, "skipped": 0, "unread": [], "business_hours": HOURS_VIEW}]}
    )

    imported: int = Field(description="Holidays the file came to.", examples=[1])
    skipped: int = Field(description="Events that were cancelled or take no time.", examples=[0])
    unread: list[UnreadView] = Field(description="Events that could not be read, and why. Nothing of them is taken.")
    business_hours: BusinessHoursView


@router.post(
    "/{business_hours_id}/holidays:import",
    response_model=ImportView,
    responses=problems.documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    summary="Import holidays from an iCalendar file",
)
async def import_holidays(
    business_hours_id: BusinessHoursId, body: ImportBody, owner: Writer, deps: Deps
) -> dict[str, Any]:
    """What can be read of the file is taken as one new version, and `unread` names the rest; with `strict` the whole
    file is taken or nothing of it. No version is made where the file has nothing new."""
    found, stored = await import_file(
        deps, owner, business_hours_id, body.ical, replace=body.replace, strict=body.strict
    )
    unread = [{"event": one.event, "reason": one.reason} for one in found.unread]
    return {
        "imported": len(found.holidays),
        "skipped": found.skipped,
        "unread": unread,
        "business_hours": calendar_view(stored),
    }
