"""Bodies of the versions and the days of business hours."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from api.http.schemas import CursorPageOf, DateTime, Windows
from api.v2.business_hours.schemas import HOURS_VIEW, RulesView
from service.business_hours.days import MAX_DAYS

LAST_VERSION = 2_147_483_647

_DATE: dict[str, Any] = {"format": "date"}
FirstDay = Annotated[
    str, Query(alias="from", description="The first date.", examples=["2026-12-24"], json_schema_extra=_DATE)
]
LastDay = Annotated[
    str,
    Query(
        alias="to",
        description=f"The last date, included; at most {MAX_DAYS} in all.",
        examples=["2026-12-31"],
        json_schema_extra=_DATE,
    ),
]
Version = Annotated[int | None, Query(ge=1, le=LAST_VERSION, description="Left out, the present one.", examples=[1])]

WINDOW: dict[str, Any] = {
    "from": "09:00",
    "to": "12:00",
    "opens_at": "2026-12-24T08:00:00Z",
    "closes_at": "2026-12-24T11:00:00Z",
}
DAY: dict[str, Any] = {
    "date": "2026-12-24",
    "weekday": "thu",
    "open": [WINDOW],
    "working_minutes": 180.0,
    "holidays": [{"name": "Christmas Eve", "closed": [["12:00", "24:00"]]}],
    "special": False,
    "clock_changes": [],
}
CHANGE: dict[str, Any] = {"at": "2026-03-29T01:00:00Z", "offset_minutes_before": 60.0, "offset_minutes_after": 120.0}
DAYS: dict[str, Any] = {
    "business_hours_id": "bh_2f4e6a8c0b1d3579",
    "version": 1,
    "timezone": "Europe/Berlin",
    "tzdata_version": "2026a",
    "working_minutes": 180.0,
    "days": [DAY],
}
VERSION: dict[str, Any] = {
    "version": 1,
    "changed_at": "2026-03-08T09:00:00Z",
    "changed_by": "key_3q2-7wAbCdEfGhIj",
    "changed_by_name": "Help desk",
    "business_hours": {name: HOURS_VIEW[name] for name in RulesView.model_fields},
}


class OpenWindowView(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [WINDOW]})

    from_: str = Field(alias="from", description="What the wall clock shows then.", examples=["09:00"])
    to: str = Field(examples=["12:00"])
    opens_at: DateTime = Field(examples=["2026-12-24T08:00:00Z"])
    closes_at: DateTime = Field(examples=["2026-12-24T11:00:00Z"])


class DayHolidayView(BaseModel):
    name: str | None = Field(examples=["Christmas Eve"])
    closed: Windows | None = Field(description="null: the whole date.", examples=[[["12:00", "24:00"]]])


class ClockChangeView(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [CHANGE]})

    at: DateTime = Field(examples=["2026-03-29T01:00:00Z"])
    offset_minutes_before: float = Field(description="From UTC.", examples=[60.0])
    offset_minutes_after: float = Field(examples=[120.0])


class DayView(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [DAY]})

    date: str = Field(examples=["2026-12-24"], json_schema_extra=_DATE)
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    open: list[OpenWindowView]
    working_minutes: float = Field(description="Real minutes that are open.", examples=[180.0])
    holidays: list[DayHolidayView] = Field(description="Also where a special opening overrides them.")
    special: bool = Field(description="A special day or a special opening stands for the date.")
    clock_changes: list[ClockChangeView] = Field(examples=[[CHANGE]])


class DaysView(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [DAYS]})

    business_hours_id: str
    version: int
    timezone: str
    tzdata_version: str = Field(description="Of the time zone database that was used.")
    working_minutes: float = Field(description="Of all dates together.")
    days: list[DayView]


class BusinessHoursVersionView(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [VERSION]})

    version: int = Field(examples=[1])
    changed_at: DateTime = Field(examples=["2026-03-08T09:00:00Z"])
    changed_by: str = Field(description="The id of an API key, or `system`.", examples=["key_3q2-7wAbCdEfGhIj"])
    changed_by_name: str | None = Field(description="What that key is called.", examples=["Help desk"])
    business_hours: RulesView


class BusinessHoursVersionPage(CursorPageOf):
    data: list[BusinessHoursVersionView]
