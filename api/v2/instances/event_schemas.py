"""Bodies of `/events` and `/events:batch`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic.json_schema import SkipJsonSchema

from api.http.problems import Problem
from api.http.schemas import Body, DateTime, View
from api.v2.instances import examples
from api.v2.instances.command_schemas import (
    COVERS,
    CYCLE,
    ENDS_WHEN,
    LONGEST_NOTE,
    LONGEST_TEAM_ID,
    RESET_TARGET,
    UNTIL,
    CommandBody,
    CoversName,
    CycleNumber,
    EndsWhen,
    Until,
)
from api.v2.instances.command_schemas import TARGET as EXCUSED_TARGET
from api.v2.instances.examples import TEAM
from api.v2.instances.schemas import InstanceView
from domain.ids import Kind
from domain.ticket.excuses import LONGEST_TARGET
from workflows.messages import SIGNALS

OPENED = "opened"
MOST_EVENTS = 1000
TYPES: Mapping[str, str | None] = {
    OPENED: None,
    "open": None,
    **{kind.value: signal for signal, kind in SIGNALS.items()},
    **{signal: signal for signal in SIGNALS},
}
"""The names of an event, as a fact and as a request, and the signal that tells an instance of it."""

TypeName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(TYPES)})]


class EventTicketBody(Body):
    """The ticket as it was when it was opened."""

    priority: str | None = Field(default=None, examples=["urgent"])
    fields: dict[str, Any] | None = Field(default=None, examples=[{"plan": "gold"}])
    team_id: str | None = Field(default=None, description="The team it opened with; left out: none.", examples=[TEAM])
    occurred_at: DateTime | None = Field(
        default=None,
        description="When it was opened; left out: when the event occurred.",
        examples=["2026-03-08T13:00:00Z"],
    )


class EventBody(CommandBody):
    """Exactly one of `conversation_id`, `ticket_id` and `incident_id` is needed."""

    model_config = ConfigDict(json_schema_extra={"examples": [*examples.EVENTS]})

    type: TypeName = Field(examples=["acknowledged"])
    conversation_id: str | None = Field(default=None, examples=["conv_456"])
    ticket_id: str | None = Field(default=None, examples=[None])
    incident_id: str | None = Field(default=None, examples=[None])
    cause: str | None = Field(
        default=None,
        max_length=LONGEST_NOTE,
        description="Of `paused`: what tells it apart. Of `resumed`: the one pause that ends.",
        examples=["customer"],
    )
    until: Until = Field(default=None, description=f"Of `paused` only. {UNTIL}", examples=[None])
    ends_when: EndsWhen = Field(default=None, description=f"Of `paused` only. {ENDS_WHEN}", examples=[None])
    team_id: str | None = Field(
        default=None,
        max_length=LONGEST_TEAM_ID,
        description="Of `assigned` only; null or left out: nobody.",
        examples=[TEAM],
    )
    fields: dict[str, Any] | None = Field(
        default=None,
        description="Of `updated` only: the ticket fields as they are now.",
        examples=[{"priority": "low"}],
    )
    target: str | None = Field(
        default=None,
        max_length=LONGEST_TARGET,
        description=f"Of `excused`, `excuse_undone` and `reset` only. {EXCUSED_TARGET} {RESET_TARGET}",
        examples=[None],
    )
    cycle: CycleNumber | None = Field(
        default=None, description=f"Of `excused` and `excuse_undone` only. {CYCLE}", examples=[None]
    )
    covers: CoversName | None = Field(default=None, description=f"Of `excused` only. {COVERS}", examples=[None])
    # What a signal calls `fields`. It is taken here, too, and not described, so that there is one way to learn.
    attributes: SkipJsonSchema[dict[str, Any] | None] = None
    ticket: EventTicketBody | None = Field(default=None, description="Opens a subject that nobody knows yet.")


class EventPartView(View):
    id: str = Field(examples=["inst_sla_conversation_conv_456"])
    kind: Kind = Field(examples=["sla"])
    status: Literal["applied", "accepted"] = Field(
        description="`accepted`: durable; not recorded yet.", examples=["applied"]
    )
    instance: InstanceView | None = Field(
        default=None, description="With the event; left out while the store cannot say what it will come to."
    )


class EventView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.EVENT]})

    event_id: str = Field(examples=["zd-118-7"])
    status: Literal["applied", "accepted", "untracked"] = Field(
        description="`applied` by every instance, `accepted` by one at least; `untracked`: no promise applies.",
        examples=["applied"],
    )
    instances: list[EventPartView]


@dataclass(frozen=True, slots=True)
class Misshapen:
    """An event that is none, and why: it is answered for itself and refuses no other one."""

    errors: list[Any]


def _kept(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError as error:
        return Misshapen(error.errors())


class BatchBody(Body):
    """Events of any number of tickets."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.BATCH]})

    events: list[Annotated[EventBody, WrapValidator(_kept)]] = Field(min_length=1, max_length=MOST_EVENTS)
    quiet: bool = Field(
        default=False, description="Of every event that does not say otherwise: see there.", examples=[True]
    )


class BatchedPartView(View):
    id: str = Field(examples=["inst_sla_conversation_conv_456"])
    kind: Kind = Field(examples=["sla"])
    status: Literal["applied", "accepted"] = Field(
        description="`accepted`: durable; not recorded yet.", examples=["applied"]
    )


class EventResultView(View):
    index: int = Field(description="Its place in the batch, from 0.", examples=[0])
    event_id: str | None = Field(description="Null where it has none and was refused.", examples=["zd-118-1"])
    status: Literal["applied", "accepted", "untracked", "refused"] = Field(
        description="As of a single event; `refused`: see `problem`.", examples=["applied"]
    )
    instances: list[BatchedPartView]
    problem: Problem | None = Field(default=None, description="Its `field` begins with the place: `events[3].type`.")


class BatchView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.BATCH_ANSWER]})

    applied: int = Field(description="How many have this status.", examples=[2])
    accepted: int = Field(examples=[0])
    untracked: int = Field(examples=[0])
    refused: int = Field(examples=[1])
    events: list[EventResultView] = Field(description="One for each event, in their order.")
