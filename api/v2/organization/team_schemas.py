"""Bodies of `/teams`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import ConfigDict, Field, WithJsonSchema

from api.http.schemas import Body, CursorPageOf, DateTime, View
from service.teams import ID_PATTERN, LONGEST_ID

TeamIdText = Annotated[
    str, WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_ID, "pattern": f"^{ID_PATTERN}$"})
]
TeamId = Annotated[str, Path(examples=["team_escalation"])]

TEAM: dict[str, Any] = {
    "id": "team_escalation",
    "name": "Escalation",
    "lead": "ada@example.com",
    "business_hours_id": "bh_default",
}

TEAM_VIEW: dict[str, Any] = {**TEAM, "created_at": "2026-03-08T09:00:00Z", "updated_at": "2026-03-08T09:00:00Z"}


class TeamFields(Body):
    lead: str | None = Field(
        default=None,
        description="A contact by id, name or address; or a mail address that is no contact's.",
        examples=["ada@example.com"],
    )
    business_hours_id: str | None = Field(
        default=None, description="Null: the organization's default business hours.", examples=["bh_default"]
    )


class TeamBody(TeamFields):
    model_config = ConfigDict(json_schema_extra={"examples": [TEAM]})

    id: TeamIdText | None = Field(
        default=None,
        description="The name your ticket system has for it; left out: a new one.",
        examples=["team_escalation"],
    )
    name: str = Field(examples=["Escalation"])


class TeamPatch(TeamFields):
    model_config = ConfigDict(json_schema_extra={"examples": [{"lead": "grace@example.com"}]})

    name: str = Field(default="", examples=["Escalation"])


class TeamView(View):
    id: str = Field(examples=["team_escalation"])
    name: str = Field(examples=["Escalation"])
    lead: str | None = Field(examples=["ada@example.com"])
    business_hours_id: str | None = Field(
        description="Null: the organization's default business hours.", examples=["bh_default"]
    )
    created_at: DateTime = Field(examples=["2026-03-08T09:00:00Z"])
    updated_at: DateTime = Field(examples=["2026-03-08T09:00:00Z"])


class TeamPage(CursorPageOf):
    data: list[TeamView]
