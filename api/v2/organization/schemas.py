"""Bodies of `/organization`."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.http.schemas import Body, DateTime, View
from domain.ticket.dimensions import MOST_DIMENSIONS


class OrganizationPatch(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Acme", "timezone": "Europe/Berlin", "dimensions": ["customer", "region"]}]
        }
    )

    name: str = Field(default="", examples=["Acme"])
    timezone: str = Field(default="", description="An IANA time zone.", examples=["Europe/Berlin"])
    default_business_hours_id: str = Field(default="", examples=["bh_default"])
    quiet_before: DateTime | None = Field(
        default=None,
        description="While the organization is being set up: tickets that opened before this instant are opened "
        "quietly, so nobody is told of what is past. Null: none is.",
        examples=["2026-03-01T00:00:00Z"],
    )
    dimensions: list[str] = Field(
        default=[],
        description=f"The fields of tickets that lists and reports go by, at most {MOST_DIMENSIONS}: names, or dotted "
        "paths.",
        examples=[["customer", "region"]],
    )


class OrganizationView(View):
    id: str = Field(examples=["default"])
    name: str = Field(examples=["Acme"])
    plan: str = Field(description="`starter`, `professional` or `enterprise`.", examples=["enterprise"])
    timezone: str = Field(description="Whose days the analytics count.", examples=["Europe/Berlin"])
    default_business_hours_id: str = Field(
        description="What is measured in where neither policy nor team names hours.", examples=["bh_default"]
    )
    quiet_before: DateTime | None = Field(
        description="Tickets that opened before it are opened quietly; null: none is.", examples=[None]
    )
    dimensions: list[str] = Field(
        description="The fields of tickets that lists and reports go by.", examples=[["customer", "region"]]
    )
    dimensions_ready: bool = Field(
        description="Whether they are filled in for all instances, also those from before they were declared.",
        examples=[True],
    )
