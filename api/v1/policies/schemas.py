"""Bodies of `/sla-policies` in the seed's shape."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import ConfigDict, Field, RootModel, WithJsonSchema

from api.http.schemas import Body, DateTime, View
from api.v1.translation.policies import LONGEST_NAME
from domain.policy.priorities import Priority

PolicyId = Annotated[str, Path(alias="policyId", examples=["pol_abc123"])]
PriorityName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(Priority)})]
Minutes = Annotated[float, WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]
Percentage = Annotated[float, WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100})]

CREATED_AT = "2026-03-08T09:00:00Z"
# The request of the seed.
BODY: dict[str, Any] = {
    "name": "Critical Outage SLA",
    "priority": "CRITICAL",
    "responseTimeMinutes": 15,
    "responseThreshold": 90,
    "resolveTimeMinutes": 60,
    "resolveThreshold": 85,
    "escalationContact": "Tier1",
    "applicableTeam": "oncall@example.com",
    "uptimeTarget": 99.9,
}
VIEW: dict[str, Any] = {
    "id": "pol_abc123",
    **BODY,
    "createdAt": CREATED_AT,
    "updatedAt": CREATED_AT,
    "version": 1,
}

_RESPONSE_MINUTES = "From OPEN to ACKNOWLEDGED; fractions are legal."
_RESOLVE_MINUTES = "From OPEN to RESOLVED; fractions are legal."
_RESPONSE_THRESHOLD = "Percent of the tickets that are to be acknowledged in time."
_RESOLVE_THRESHOLD = "Percent of the tickets that are to be resolved in time."
_CONTACT = "Told of what is breached while `autoEscalate` is on."
_TEAM = "Named in notices and told of warnings; does not affect which tickets the policy is for."
_UPTIME = "Percent of the month in which no ticket of this priority is to be open."


class SlaPolicyBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [BODY]})

    name: str = Field(description=f"At most {LONGEST_NAME} characters.", examples=["Critical Outage SLA"])
    priority: PriorityName = Field(description="One policy has it.", examples=["CRITICAL"])
    responseTimeMinutes: Minutes = Field(description=_RESPONSE_MINUTES, examples=[15])
    responseThreshold: Percentage | None = Field(default=None, description=_RESPONSE_THRESHOLD, examples=[90])
    resolveTimeMinutes: Minutes = Field(description=_RESOLVE_MINUTES, examples=[60])
    resolveThreshold: Percentage | None = Field(default=None, description=_RESOLVE_THRESHOLD, examples=[85])
    escalationContact: str | None = Field(default=None, description=_CONTACT, examples=["Tier1"])
    applicableTeam: str | None = Field(default=None, description=_TEAM, examples=["oncall@example.com"])
    uptimeTarget: Percentage | None = Field(default=None, description=_UPTIME, examples=[99.9])


class SlaPolicyView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [VIEW]})

    id: str = Field(examples=["pol_abc123"])
    name: str = Field(examples=["Critical Outage SLA"])
    priority: Priority = Field(examples=["CRITICAL"])
    responseTimeMinutes: int | float = Field(description=_RESPONSE_MINUTES, examples=[15])
    responseThreshold: int | float | None = Field(description=_RESPONSE_THRESHOLD, examples=[90])
    resolveTimeMinutes: int | float = Field(description=_RESOLVE_MINUTES, examples=[60])
    resolveThreshold: int | float | None = Field(description=_RESOLVE_THRESHOLD, examples=[85])
    escalationContact: str | None = Field(description=_CONTACT, examples=["Tier1"])
    applicableTeam: str | None = Field(description=_TEAM, examples=["oncall@example.com"])
    uptimeTarget: int | float | None = Field(description=_UPTIME, examples=[99.9])
    createdAt: DateTime = Field(examples=[CREATED_AT])
    updatedAt: DateTime = Field(examples=[CREATED_AT])
    version: int = Field(description="Every change makes a new one; tickets keep theirs.", examples=[1])


class SlaPolicyList(RootModel[list[SlaPolicyView]]):
    """The policies, the one of the most urgent priority first."""

    model_config = ConfigDict(json_schema_extra={"examples": [[VIEW]]})
