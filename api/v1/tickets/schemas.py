"""Bodies of `/tickets`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, RootModel, WithJsonSchema

from api.http.schemas import DEFAULT_LIMIT, Body, DateTime, Limit, Offset, Several, View
from api.v1.tickets.changes import FIRST, LONGEST_DESCRIPTION, LONGEST_TITLE
from api.v1.translation.tickets import BreachType
from domain.policy.priorities import Priority
from domain.scrubbe.ticket_statuses import TicketStatus

TicketId = Annotated[str, Path(alias="ticketId", examples=["tick_abc123"])]
PriorityName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(Priority)})]
StatusName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(TicketStatus)})]
FirstStatusName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(FIRST)})]
Title = Annotated[str, WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_TITLE})]
Description = Annotated[str, WithJsonSchema({"type": "string", "maxLength": LONGEST_DESCRIPTION})]

OPENED_AT, ACKNOWLEDGED_AT = "2026-03-08T09:00:00Z", "2026-03-08T09:20:00Z"
BODY: dict[str, Any] = {
    "title": "Checkout answers 500",
    "description": "Since the deployment of 08:55.",
    "priority": "CRITICAL",
    "status": "OPEN",
}
VIEW: dict[str, Any] = {
    "id": "tick_abc123",
    **BODY,
    "status": "ACKNOWLEDGED",
    "slaPolicyId": "pol_abc123",
    "slaResponseTimeMinutes": 15,
    "slaResolveTimeMinutes": 60,
    "slaBreachType": "RESPONSE_BREACH",
    "slaResponseDueAt": "2026-03-08T09:15:00Z",
    "slaResolveDueAt": "2026-03-08T10:00:00Z",
    "escalatedTo": "Tier1",
    "escalatedAt": "2026-03-08T09:15:00.021000Z",
    "openedAt": OPENED_AT,
    "acknowledgedAt": ACKNOWLEDGED_AT,
    "resolvedAt": None,
    "createdAt": OPENED_AT,
    "updatedAt": ACKNOWLEDGED_AT,
    "instanceId": "inst_sla_ticket_tick_abc123",
}

_PRIORITY = "What decides the policy of a new ticket; changed later, the ticket keeps the targets it got."
_STATUS = "NEW may become OPEN, OPEN ACKNOWLEDGED, both of them RESOLVED, that OPEN again, and all of them CLOSED."


class TicketBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [BODY]})

    title: Title = Field(examples=["Checkout answers 500"])
    description: Description = Field(default="", examples=["Since the deployment of 08:55."])
    priority: PriorityName = Field(default=Priority.MEDIUM.value, description=_PRIORITY, examples=["CRITICAL"])
    status: FirstStatusName = Field(
        default=TicketStatus.NEW.value, description="OPEN: its timers start at once.", examples=["OPEN"]
    )


class TicketPatch(Body):
    """A field that is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ACKNOWLEDGED"}]})

    # A default from a factory is not described.
    title: Title = Field(default_factory=str, examples=["Checkout answers 500 in Europe"])
    description: Description = Field(default_factory=str, examples=["Since the deployment of 08:55."])
    priority: PriorityName = Field(default_factory=str, description=_PRIORITY, examples=["HIGH"])
    status: StatusName = Field(default_factory=str, description=_STATUS, examples=["ACKNOWLEDGED"])


class TicketQuery(BaseModel):
    """What a list can be narrowed to. A ticket is listed when it meets every condition that is given. Several values of
    one filter are a union."""

    status: Several[TicketStatus] = Field(default=None, examples=[["OPEN"]])
    priority: Several[Priority] = Field(default=None, examples=[["CRITICAL"]])
    slaBreachType: Several[BreachType] = Field(default=None, description="As of now.", examples=[["BOTH"]])
    limit: Limit = DEFAULT_LIMIT
    offset: Offset = 0


class TicketView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [VIEW]})

    id: str = Field(examples=["tick_abc123"])
    title: str = Field(examples=["Checkout answers 500"])
    description: str = Field(examples=["Since the deployment of 08:55."])
    priority: Priority = Field(examples=["CRITICAL"])
    status: TicketStatus = Field(examples=["ACKNOWLEDGED"])
    slaPolicyId: str | None = Field(
        description="The policy it got; null: nothing is measured.", examples=["pol_abc123"]
    )
    slaResponseTimeMinutes: int | float | None = Field(description="As of its creation.", examples=[15])
    slaResolveTimeMinutes: int | float | None = Field(description="As of its creation.", examples=[60])
    slaBreachType: BreachType = Field(description="Which of the two were exceeded.", examples=["RESPONSE_BREACH"])
    slaResponseDueAt: DateTime | None = Field(description="Null before it opens.", examples=["2026-03-08T09:15:00Z"])
    slaResolveDueAt: DateTime | None = Field(description="Null before it opens.", examples=["2026-03-08T10:00:00Z"])
    escalatedTo: str | None = Field(description="Whom its first breach was routed to.", examples=["Tier1"])
    escalatedAt: DateTime | None = Field(examples=["2026-03-08T09:15:00.021000Z"])
    openedAt: DateTime | None = Field(description="When it first became OPEN.", examples=[OPENED_AT])
    acknowledgedAt: DateTime | None = Field(description="When it was first ACKNOWLEDGED.", examples=[ACKNOWLEDGED_AT])
    resolvedAt: DateTime | None = Field(description="Null again once it is reopened.", examples=[None])
    createdAt: DateTime = Field(examples=[OPENED_AT])
    updatedAt: DateTime = Field(examples=[ACKNOWLEDGED_AT])
    instanceId: str | None = Field(
        description="The instance of the API v2 that measures it; null: none does.",
        examples=["inst_sla_ticket_tick_abc123"],
    )


class TicketList(RootModel[list[TicketView]]):
    """The tickets, the newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [[VIEW]]})
