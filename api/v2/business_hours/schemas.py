"""Bodies of `/business-hours`. The core reads the hours themselves, so that their rules stand in one place."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import ConfigDict, Field, WithJsonSchema

from api.http.schemas import Body, CursorPageOf, DateTime, View, Windows
from domain.calendar.combined import MOST_MEMBERS
from domain.calendar.rules.holidays import AppliesTo
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
_DAY = {"type": "string", "description": "YYYY-MM-DD, or MM-DD for every year.", "examples": ["2026-12-26", "12-26"]}
_OF_A_DAY = {
    "name": {"type": "string"},
    "closed": {**_WINDOWS, "description": "What it closes of each date; left out, all of it.", "minItems": 1},
}
_NAMED_DAY = {
    "type": "object",
    "properties": {"date": _DAY, **_OF_A_DAY},
    "required": ["date"],
    "additionalProperties": False,
}
_RANGE = {
    "type": "object",
    "properties": {"from": _DAY, "to": _DAY, **_OF_A_DAY},
    "required": ["from", "to"],
    "additionalProperties": False,
}
_HOLIDAYS = {"type": "array", "items": {"anyOf": [_DAY, _NAMED_DAY, _RANGE]}}
_PUBLIC = {
    "type": "object",
    "properties": {
        "country": {"type": "string", "examples": ["DE"]},
        "subdivision": {"type": ["string", "null"], "examples": ["BE"]},
        "release": {"type": "string", "description": "Of the `holidays` library.", "examples": ["0.109"]},
        "from_year": {"type": "integer", "examples": [2025]},
        "to_year": {"type": "integer", "examples": [2031]},
        "holidays": _HOLIDAYS,
    },
    "required": ["country"],
    "additionalProperties": False,
}

Weekly = Annotated[Any, WithJsonSchema(_WEEKLY)]
Holidays = Annotated[Any, WithJsonSchema(_HOLIDAYS)]
Public = Annotated[Any, WithJsonSchema({"type": "array", "items": _PUBLIC})]
Dated = Annotated[Any, WithJsonSchema(_DATED)]

AppliesToName = Annotated[Any, WithJsonSchema({"type": "string", "enum": [one.value for one in AppliesTo]})]

Members = Annotated[Any, WithJsonSchema({"type": "array", "items": {"type": "string"}, "maxItems": MOST_MEMBERS})]

BusinessHoursId = Annotated[str, Path(examples=["bh_2f4e6a8c0b1d3579"])]

WEEK = {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in WEEKDAYS[:5]}
HOLIDAYS = [
    {"date": "12-24", "name": "Christmas Eve", "closed": [["12:00", "24:00"]]},
    {"from": "12-27", "to": "01-02", "name": "Works holidays"},
    {"date": "2026-06-05", "name": "Summer outing"},
]
FROZEN = {
    "country": "DE",
    "subdivision": "BE",
    "release": "0.109",
    "from_year": 2025,
    "to_year": 2031,
    "holidays": [{"date": "2026-10-03", "name": "German Unity Day"}],
}
HOURS: dict[str, Any] = {
    "name": "Support, Berlin",
    "timezone": "Europe/Berlin",
    "weekly_hours": WEEK,
    "holidays": HOLIDAYS,
    "special_days": {"2026-12-24": [["09:00", "12:00"]]},
    "special_openings": {"2026-12-28": [["10:00", "14:00"]]},
    "breaks": {"2026-03-02": [["15:00", "15:30"]]},
    "public_holidays": [{"country": "DE", "subdivision": "BE"}],
}
HOURS_VIEW: dict[str, Any] = {
    "id": "bh_2f4e6a8c0b1d3579",
    **HOURS,
    "public_holidays": [FROZEN],
    "holidays_apply_to": "date",
    "union_of": [],
    "intersection_of": [],
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
    holidays: Holidays = Field(
        default=None, description="Dates, dates of every year, ranges, or parts of each.", examples=[HOLIDAYS]
    )
    special_days: Dated = Field(
        default=None,
        description="Hours that replace those of the weekday; a holiday on the same date wins.",
        examples=[{"2026-12-24": [["09:00", "12:00"]]}],
    )
    special_openings: Dated = Field(
        default=None,
        description="As special days, and open on a holiday too.",
        examples=[{"2026-12-28": [["10:00", "14:00"]]}],
    )
    public_holidays: Public = Field(
        default=None,
        description="Where only country and subdivision are given, the dates from last year to five years ahead are "
        "looked up and kept; an entry with its dates stays as it is.",
        examples=[[{"country": "DE", "subdivision": "BE"}]],
    )
    holidays_apply_to: AppliesToName = Field(
        default=None,
        description="Whether a holiday closes the time on its dates, or the windows that begin on them, to their end. "
        "Left out: `date`.",
        examples=["date"],
    )
    union_of: Members = Field(
        default=None,
        description="Ids of business hours. Open while any of them is; nothing but a time zone may stand beside it.",
        examples=[None],
    )
    intersection_of: Members = Field(
        default=None,
        description="Ids of business hours. Open while all of them are; nothing but a time zone may stand beside it.",
        examples=[None],
    )
    breaks: Dated = Field(default=None, examples=[{"2026-03-02": [["15:00", "15:30"]]}])
    always: bool = Field(default=False, description="Open around the clock; stands alone.")


class BusinessHoursBody(HoursBody):
    model_config = ConfigDict(json_schema_extra={"examples": [HOURS]})

    name: str = Field(examples=["Support, Berlin"])


class BusinessHoursPatch(HoursBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"holidays": ["2027-01-01"]}]})

    name: str = Field(default="", examples=["Support, Berlin"])


class RulesView(View):
    name: str = Field(examples=["Support, Berlin"])
    timezone: str = Field(examples=["Europe/Berlin"])
    weekly_hours: dict[str, Windows] = Field(examples=[WEEK])
    holidays: Holidays = Field(examples=[HOLIDAYS])
    special_days: dict[str, Windows]
    special_openings: dict[str, Windows]
    breaks: dict[str, Windows]
    public_holidays: Public = Field(examples=[[FROZEN]])
    holidays_apply_to: AppliesTo = Field(examples=["date"])
    union_of: list[str] = Field(description="Open while any of these is.", examples=[[]])
    intersection_of: list[str] = Field(description="Open while all of these are.", examples=[[]])
    always: bool


class BusinessHoursView(RulesView):
    model_config = ConfigDict(json_schema_extra={"examples": [HOURS_VIEW]})

    id: str = Field(examples=["bh_2f4e6a8c0b1d3579"])
    version: int
    is_default: bool
    created_at: DateTime
    updated_at: DateTime


class BusinessHoursPage(CursorPageOf):
    data: list[BusinessHoursView]
