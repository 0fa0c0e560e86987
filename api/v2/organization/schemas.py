"""Bodies of `/organization`."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.http.schemas import Body, View


class OrganizationPatch(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Acme", "timezone": "Europe/Berlin"}]})

    name: str = Field(default="", examples=["Acme"])
    timezone: str = Field(default="", description="An IANA time zone.", examples=["Europe/Berlin"])
    default_business_hours_id: str = Field(default="", examples=["bh_default"])


class OrganizationView(View):
    id: str = Field(examples=["default"])
    name: str = Field(examples=["Acme"])
    plan: str = Field(description="`starter`, `professional` or `enterprise`.", examples=["enterprise"])
    timezone: str = Field(description="Whose days the analytics count.", examples=["Europe/Berlin"])
    default_business_hours_id: str = Field(
        description="What is measured in where neither policy nor team names hours.", examples=["bh_default"]
    )
