"""Bodies of `/teams`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, WithJsonSchema

from api.schemas import Body, DateTime, PageOf, View

LONGEST_ID = 100
ID_PATTERN = r"[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*"
"""Not of dots alone: a path that ends in `.` or `..` is another path."""

TeamId = Annotated[
    str, WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_ID, "pattern": f"^{ID_PATTERN}$"})
]


class TeamFields(Body):
    lead: str | None = Field(
        default=None,
        description="An address or a name, as the receivers of notices know it.",
        examples=["lead@example.com"],
    )
    business_hours_id: str | None = Field(
        default=None, description="Null: the organization's default business hours.", examples=["bh_default"]
    )


class TeamBody(TeamFields):
    id: TeamId | None = Field(
        default=None, description="The name your ticket system has for it; left out: a new one.", examples=["team_t2"]
    )
    name: str = Field(examples=["Second line"])


class TeamPatch(TeamFields):
    name: str = Field(default="", examples=["Second line"])


class TeamView(View):
    id: str = Field(examples=["team_t2"])
    name: str = Field(examples=["Second line"])
    lead: str | None = Field(examples=["lead@example.com"])
    business_hours_id: str | None = Field(
        description="Null: the organization's default business hours.", examples=["bh_default"]
    )
    created_at: DateTime = Field(examples=["2026-03-08T09:00:00Z"])
    updated_at: DateTime = Field(examples=["2026-03-08T09:00:00Z"])


class TeamPage(PageOf):
    data: list[TeamView]
