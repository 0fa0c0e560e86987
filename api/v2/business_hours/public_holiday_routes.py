"""`/public-holidays`: the public holidays that business hours would get from a country or a part of it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.http import problems
from api.http.auth import Reader
from api.http.dependencies import Deps
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from domain.errors import InvalidValue
from domain.instants import to_datetime
from service.calendars import public

COUNTRY = {"country": "DE", "subdivisions": ["BE", "BW", "BY"]}
HOLIDAY = {"date": "2026-10-03", "name": "German Unity Day"}
ANSWER: dict[str, Any] = {
    "release": "0.109",
    "country": "DE",
    "subdivision": "BE",
    "year": 2026,
    "holidays": [HOLIDAY],
}

Country = Annotated[str | None, Query(description="Left out, the countries are listed.", examples=["DE"])]
Subdivision = Annotated[str | None, Query(description="A state, province or region of it.", examples=["BE"])]
Year = Annotated[
    int | None,
    Query(ge=public.FIRST_YEAR, le=public.LAST_YEAR, description="Left out, the present one.", examples=[2026]),
]

router = APIRouter(prefix=f"{V2}/public-holidays", tags=["Business hours"], route_class=JsonRoute)


class CountryView(BaseModel):
    country: str = Field(examples=["DE"])
    subdivisions: list[str] = Field(examples=[["BE", "BW", "BY"]])


class PublicHolidayView(BaseModel):
    date: str = Field(examples=["2026-10-03"], json_schema_extra={"format": "date"})
    name: str = Field(examples=["German Unity Day"])


class PublicHolidaysView(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [ANSWER]})

    release: str = Field(description="Of the `holidays` library.", examples=["0.109"])
    country: str | None = Field(default=None, examples=["DE"])
    subdivision: str | None = Field(default=None, examples=["BE"])
    year: int | None = Field(default=None, examples=[2026])
    holidays: list[PublicHolidayView] = Field(default=[], examples=[[HOLIDAY]])
    countries: list[CountryView] = Field(default=[], examples=[[COUNTRY]])


@router.get(
    "",
    response_model=PublicHolidaysView,
    response_model_exclude_unset=True,
    responses=problems.documented(401, 403, 422, 503),
    summary="List the public holidays of a country, or the countries",
)
async def list_public_holidays(
    _: Reader, deps: Deps, country: Country = None, subdivision: Subdivision = None, year: Year = None
) -> dict[str, Any]:
    if country is None:
        if subdivision is not None:
            raise InvalidValue("country", None, "must be given with a subdivision")
        # Others are answered while the library loads them all.
        known = await asyncio.to_thread(public.countries)
        listed = [{"country": name, "subdivisions": parts} for name, parts in known.items()]
        return {"release": public.release(), "countries": listed}
    asked = to_datetime(deps.now()).year if year is None else year
    found = public.of_years(range(asked, asked + 1), country, subdivision)
    return {
        "release": found.release,
        "country": country,
        "subdivision": subdivision,
        "year": asked,
        "holidays": [{"date": one.day.isoformat(), "name": one.name} for one in found.holidays],
    }
