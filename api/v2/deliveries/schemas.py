"""Bodies and filters of `/deliveries`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from api.http.schemas import Body, CursorPageOf, DateTime, Several, View
from domain.record.notices import WITHDRAWN
from domain.record.receivers import TYPES

DeliveryId = Annotated[str, Path(examples=["dlv_aW5zdF9zbGFfdGlja2V0XzQyL3Jlc29sdXRpb24vMS9icmVhY2hlZC8xCmxvZw"])]
StateName = Literal["pending", "retried", "delivered", "dead", "skipped"]
NoticeType = Annotated[str, WithJsonSchema({"type": "string", "enum": [*TYPES, WITHDRAWN]})]

DELIVERY: dict[str, Any] = {
    "id": "dlv_aW5zdF9zbGFfdGlja2V0XzQyL3Jlc29sdXRpb24vMS9icmVhY2hlZC8xCndlYmhvb2s6cmN2XzNxMi03d0FiQ2RFZkdoSWo",
    "notice_id": "default/inst_sla_ticket_42/resolution/1/breached/1",
    "type": "breached",
    "escalation": None,
    "channel": "webhook:rcv_3q2-7wAbCdEfGhIj",
    "state": "retried",
    "instance_id": "inst_sla_ticket_42",
    "ticket_id": "42",
    "policy_id": "sla_abc123",
    "planned_at": "2026-03-02T14:00:00Z",
    "fired_at": "2026-03-02T14:00:00.031Z",
    "sent_at": "2026-03-02T14:05:11.204Z",
    "taken_at": None,
    "attempts": 9,
    "resends": 0,
    "error": "webhook:rcv_3q2-7wAbCdEfGhIj answered 503",
}


class DeliveryQuery(BaseModel):
    """What the log is narrowed to; several values of one filter are a union."""

    model_config = ConfigDict(extra="forbid")

    state: Several[StateName] = Field(default=None, examples=[["dead"]])
    channel: Several[str] = Field(
        default=None, description="Kinds of channels, such as `webhook`.", examples=[["webhook"]]
    )
    receiver: Several[str] = Field(
        default=None,
        description="What stands behind the colon in the names of channels: a receiver's id, of the operator's own "
        "their host and hash.",
        examples=[["rcv_3q2-7wAbCdEfGhIj"]],
    )
    type: Several[NoticeType] = Field(default=None, description="Of which types of notices.", examples=[["breached"]])
    instance_id: Several[str] = Field(default=None, examples=[["inst_sla_ticket_42"]])
    conversation_id: Several[str] = Field(default=None, examples=[["conv_456"]])
    ticket_id: Several[str] = Field(default=None, examples=[["42"]])
    incident_id: Several[str] = Field(default=None, examples=[["inc_9"]])
    policy_id: Several[str] = Field(default=None, examples=[["sla_abc123"]])
    since: DateTime | None = Field(
        default=None, description="Of notices that fired then or later.", examples=["2026-03-02T00:00:00Z"]
    )
    until: DateTime | None = Field(
        default=None, description="Of notices that fired before.", examples=["2026-03-03T00:00:00Z"]
    )


class DeliveryView(View):
    model_config = ConfigDict(json_schema_extra={"example": DELIVERY})

    id: str
    notice_id: str = Field(description="The `id` of the notice, as its receiver sees it on every attempt.")
    type: NoticeType
    escalation: str | None = Field(
        description="Of an escalation: the step's name, else what it does and when.",
        examples=["Call the duty manager"],
    )
    channel: str | None = Field(description="Its kind and its receiver; null: no channel is known for it yet, or ever.")
    state: StateName = Field(
        description="`pending`: it is not tried yet, or waits to be sent once more. `retried`: it was tried in vain, "
        "and is tried again. `delivered`: it was taken. `dead`: it was refused or given up. `skipped`: it was for "
        "nobody."
    )
    instance_id: str
    conversation_id: str | None = None
    ticket_id: str | None = None
    incident_id: str | None = None
    policy_id: str | None
    planned_at: DateTime | None = Field(description="When its milestone was planned; null for a withdrawal.")
    fired_at: DateTime = Field(description="When the engine got to it.")
    sent_at: DateTime | None = Field(description="When the last attempt began.")
    taken_at: DateTime | None = Field(description="When its receiver had taken it, the first time.")
    attempts: int = Field(description="As far as is known: a worker that is killed takes its last second with it.")
    resends: int = Field(description="How often somebody has asked for it again.")
    error: str | None = Field(description="What the last attempt in vain came to; no address stands in it.")


class DeliveryPage(CursorPageOf):
    data: list[DeliveryView]


class ResendBody(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"receiver": "rcv_3q2-7wAbCdEfGhIj", "since": "2026-03-02T00:00:00Z"}]}
    )

    receiver: str = Field(description="Whose dead letters.", examples=["rcv_3q2-7wAbCdEfGhIj"])
    since: DateTime = Field(description="Those that were given up then or later.", examples=["2026-03-02T00:00:00Z"])


class ResentView(View):
    model_config = ConfigDict(json_schema_extra={"example": {"resent": 17, "left": 0}})

    resent: int = Field(description="How many are sent once more.")
    left: int = Field(description="How many are left for another request: one takes a thousand.")
