"""Bodies of `/business-hours`: the core reads the hours, so that their rules stand in one place."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import ConfigDict, Field, WithJsonSchema

from api.schemas import Body, DateTime, PageOf, View, Windows
from domain.calendar.validation import WEEKDAYS

_WINDOWS = {
    "type": "array",
    "items": {
        "type": "array",
        "items": {"type": "string", "examples": ["09:00", "24:00"]},
        "minItems": 2,
        "maxItems": 2,
    },
}
_WEEKLY = {"type": "object", "properties": dict.fromkeys(WEEKDAYS, _WINDOWS), "additionalProperties": False}
_DATED = {"type": "object", "additionalProperties": _WINDOWS, "propertyNames": {"format": "date"}}
_NAMED_DAY = {
    "type": "object",
    "properties": {"date": {"type": "string", "format": "date"}, "name": {"type": "string"}},
    "required": ["date"],
    "additionalProperties": False,
}
_HOLIDAYS = {"type": "array", "items": {"anyOf": [{"type": "string", "format": "date"}, _NAMED_DAY]}}

Weekly = Annotated[Any, WithJsonSchema(_WEEKLY)]
Holidays = Annotated[Any, WithJsonSchema(_HOLIDAYS)]
Dated = Annotated[Any, WithJsonSchema(_DATED)]

BusinessHoursId = Annotated[str, Path(examples=["bh_2f4e6a8c0b1d3579"])]

WEEK = {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in WEEKDAYS[:5]}
HOURS: dict[str, Any] = {
    "name": "Support, Berlin",
    "timezone": "Europe/Berlin",
    "weekly_hours": WEEK,
    "holidays": ["2026-12-25", {"date": "2026-12-26", "name": "Boxing Day"}],
    "special_days": {"2026-12-24": [["09:00", "12:00"]]},
    "breaks": {"2026-03-02": [["15:00", "15:30"]]},
}
HOURS_VIEW: dict[str, Any] = {
    "id": "bh_2f4e6a8c0b1d3579",
    **HOURS,
    "always": False,
    "version": 1,
    "is_default": False,
    "created_at": "2026-03-08T09:00:00Z",
    "updated_at": "2026-03-08T09:00:00Z",
}


class HoursBody(Body):
    timezone: Any = Field(
        default=None,
        description="An IANA time zone.",
        examples=["Europe/Berlin"],
        json_schema_extra={"type": "string"},
    )
    weekly_hours: Weekly = Field(default=None, description="A weekday left out is closed.", examples=[WEEK])
    holidays: Holidays = Field(default=None, examples=[["2026-12-25", {"date": "2026-12-26", "name": "Boxing Day"}]])
    special_days: Dated = Field(
        default=None,
        description="Hours that replace those of the weekday; a holiday on the same date wins.",
        examples=[{"2026-12-24": [["09:00", "12:00"]]}],
    )
    breaks: Dated = Field(default=None, examples=[{"2026-03-02": [["15:00", "15:30"]]}])
    always: bool = Field(default=False, description="Open around the clock; stands alone.")


class BusinessHoursBody(HoursBody):
    model_config = ConfigDict(json_schema_extra={"examples": [HOURS]})

    name: str = Field(examples=["Support, Berlin"])


class BusinessHoursPatch(HoursBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"holidays": ["2027-01-01"]}]})

    name: str = Field(default="", examples=["Support, Berlin"])


class BusinessHoursView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [HOURS_VIEW]})

    id: str = Field(examples=["bh_2f4e6a8c0b1d3579"])
    name: str = Field(examples=["Support, Berlin"])
    timezone: str = Field(examples=["Europe/Berlin"])
    weekly_hours: dict[str, Windows] = Field(examples=[WEEK])
    holidays: Holidays
    special_days: dict[str, Windows]
    breaks: dict[str, Windows]
    always: bool
    version: int
    is_default: bool
    created_at: DateTime
    updated_at: DateTime


class BusinessHoursPage(PageOf):
    data: list[BusinessHoursView]
