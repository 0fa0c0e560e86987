"""Bodies of `/instances` in the seed's shape and its extensions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from api.schemas import Body, DateTime, PageOf, View
from domain.ids import Kind
from domain.status import InstanceStatus

KindName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(Kind)})]
LONGEST_EVENT_ID = 200
LONGEST_NOTE = 1000


class InstanceBody(Body):
    """Exactly one of `conversation_id`, `ticket_id` and `incident_id` is needed."""

    conversation_id: str | None = Field(default=None, examples=["conv_456"])
    ticket_id: str | None = None
    incident_id: str | None = None
    kind: KindName = "sla"
    priority: str | None = Field(default=None, examples=["urgent"])
    fields: dict[str, Any] | None = Field(default=None, examples=[{"plan": "gold", "customer": {"country": "DE"}}])
    occurred_at: DateTime | None = Field(default=None, description="When the ticket was opened; left out: now.")


class CommandBody(Body):
    """Everything is optional, and so is the body itself."""

    event_id: str | None = Field(
        default=None,
        max_length=LONGEST_EVENT_ID,
        description="Repeating a request with the same id has no further effect. Left out: one is minted.",
        examples=["zd-118-7"],
    )
    occurred_at: DateTime | None = Field(default=None, description="When it happened; left out: now.")
    reason: str | None = Field(default=None, max_length=LONGEST_NOTE, examples=["awaiting customer"])
    actor: str | None = Field(default=None, max_length=LONGEST_NOTE, examples=["ada@example.com"])


class PauseBody(CommandBody):
    """A pause is told apart from others by its `cause`, or else its `reason`."""

    cause: str | None = Field(default=None, max_length=LONGEST_NOTE, examples=["customer"])


class ResumeBody(CommandBody):
    """With a `cause` only that pause ends, without one every pause does."""

    cause: str | None = Field(default=None, max_length=LONGEST_NOTE, examples=["customer"])


class MilestoneView(View):
    name: str = Field(examples=["halfway"])
    planned_at: DateTime | None
    fired_at: DateTime | None
    delivered_at: DateTime | None


class TargetStateView(View):
    due_at: DateTime | None = Field(description="Null while paused.", examples=["2026-03-08T14:00:00Z"])
    met: bool | None = Field(description="Null while undecided.", examples=[None])
    state: str = Field(examples=["running"])
    elapsed_seconds: int | float = Field(description="Working time.", examples=[900])
    remaining_seconds: int | float = Field(description="Working time.", examples=[2700])
    paused_seconds: int | float = Field(examples=[0])
    started_at: DateTime | None
    stopped_at: DateTime | None
    breached_at: DateTime | None
    milestones: list[MilestoneView]
    due_if_resumed_now: DateTime | None = Field(default=None, description="Only while paused.")


class InstanceView(View):
    id: str | None = Field(description="Null for an untracked ticket.", examples=["inst_sla_conversation_conv_456"])
    policy_id: str | None = Field(examples=["sla_5d1f0a9be2c34786"])
    policy_version: int | None = None
    conversation_id: str | None = Field(default=None, examples=["conv_456"])
    ticket_id: str | None = None
    incident_id: str | None = None
    kind: Literal["sla", "ola"]
    priority: str | None = Field(examples=["urgent"])
    status: InstanceStatus
    opened_at: DateTime | None = None
    closed_at: DateTime | None = Field(default=None, description="Null while a clock runs or is paused.")
    targets: dict[str, TargetStateView]
    source: Literal["workflow", "store"] | None = Field(default=None, description="Who told: the store may lag behind.")
    event_id: str | None = Field(default=None, description="After a command: the event that has been applied.")


class Accepted(View):
    """The event is durable and no worker has applied it yet; repeat the request or get the instance later."""

    id: str
    event_id: str
    status: Literal["accepted"]
    instance: InstanceView | None = Field(default=None, description="The instance as last known, without the event.")


class InstancePage(PageOf):
    data: list[InstanceView]
