"""Bodies of the requests that open instances and tell what happened to them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, WithJsonSchema

from api.http.schemas import Body, DateTime
from api.v2.instances import examples
from api.v2.instances.examples import TEAM
from domain.ids import Kind
from domain.ticket.authors import Role
from domain.ticket.conditions.conditions import OPERATORS, Match
from domain.ticket.excuses import LONGEST_TARGET, Covers
from domain.ticket.pauses import ENDING_EVENTS, MOST_ENDINGS
from domain.ticket.precision import Precision
from service.instances.signals import LONGEST_ACTOR, LONGEST_SOURCE

KindName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(Kind)})]
PrecisionName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(Precision)})]
Quiet: Any = Field(
    default=False,
    description="Nobody is told of milestones that were planned before this was received; later ones are told.",
    examples=[False],
)
LONGEST_EVENT_ID = 200
LONGEST_NOTE = 1000
LONGEST_TEAM_ID = 200


class InstanceBody(Body):
    """Exactly one of `conversation_id`, `ticket_id` and `incident_id` is needed."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TICKET]})

    conversation_id: str | None = Field(default=None, examples=["conv_456"])
    ticket_id: str | None = Field(default=None, examples=[None])
    incident_id: str | None = Field(default=None, examples=[None])
    kind: KindName = Field(default="sla", description="`ola` needs the plan Enterprise.", examples=["sla"])
    priority: str | None = Field(default=None, examples=["urgent"])
    fields: dict[str, Any] | None = Field(default=None, examples=[{"plan": "gold", "customer": {"country": "DE"}}])
    team_id: str | None = Field(default=None, description="The team it opens with; left out: none.", examples=[TEAM])
    occurred_at: DateTime | None = Field(
        default=None, description="When the ticket was opened; left out: now.", examples=["2026-03-08T13:00:00Z"]
    )
    quiet: bool = Quiet


UNTIL = "When the pause ends by itself: an instant, or a length of working time."
ENDS_WHEN = (
    "Kinds of events and conditions on the ticket's fields, of which the first ends the pause; a condition once it "
    "comes to hold. Left out: `customer_replied` for the cause `customer`, else none."
)
_LENGTHS = [
    {
        "type": "object",
        "properties": {unit: {"type": "number", "exclusiveMinimum": 0}},
        "required": [unit],
        "additionalProperties": False,
    }
    for unit in ("hours", "minutes")
]
_CONDITION = {
    "type": "object",
    "properties": {
        "field": {"type": "string"},
        "operator": {"type": "string", "enum": list(OPERATORS)},
        "value": {},
        "case_sensitive": {"type": "boolean"},
    },
    "required": ["field", "operator"],
    "additionalProperties": False,
}
_CONDITIONS = {
    "type": "object",
    "properties": {
        "match": {"type": "string", "enum": list(Match)},
        "conditions": {"type": "array", "items": _CONDITION, "minItems": 1},
    },
    "required": ["conditions"],
    "additionalProperties": False,
}
_ENDING = {"anyOf": [{"type": "string", "enum": list(ENDING_EVENTS)}, _CONDITION, _CONDITIONS]}
_ENDINGS = {"type": "array", "items": _ENDING, "maxItems": MOST_ENDINGS}
# The core reads both, so that their rules stand in one place.
Until = Annotated[
    Any, WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, *_LENGTHS, {"type": "null"}]})
]
EndsWhen = Annotated[Any, WithJsonSchema({"anyOf": [_ENDING, _ENDINGS, {"type": "null"}]})]
ACTOR = "Who did it: a name, or an object with the author's `role`; left out, the kind of event says the role."
ActorText = Annotated[
    Any,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": LONGEST_ACTOR},
                {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "maxLength": LONGEST_ACTOR},
                        "role": {"type": "string", "enum": list(Role)},
                    },
                    "additionalProperties": False,
                },
                {"type": "null"},
            ]
        }
    ),
]


class CommandBody(Body):
    """All fields are optional, and so is the body itself."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.COMMAND]})

    event_id: str | None = Field(
        default=None,
        max_length=LONGEST_EVENT_ID,
        description="Repeating a request with the same id has no further effect. Left out: one is minted.",
        examples=["zd-118-7"],
    )
    occurred_at: DateTime | None = Field(
        default=None, description="When it happened; left out: now.", examples=["2026-03-08T13:30:00Z"]
    )
    reason: str | None = Field(default=None, max_length=LONGEST_NOTE, examples=["awaiting customer"])
    actor: ActorText = Field(default=None, description=ACTOR, examples=["ada@example.com"])
    source: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST_SOURCE,
        description="The system that tells it: a source's id or name. If it has a connector, escalations write there.",
        examples=[None],
    )
    sequence: int | None = Field(
        default=None,
        description="Its place in the source's own order, which decides among events of one instant.",
        examples=[118007],
    )
    precision: PrecisionName | None = Field(
        default=None,
        description="What `occurred_at` is cut to: a reply of that second or minute answers its messages.",
        examples=["second"],
    )
    quiet: bool = Quiet


class PauseBody(CommandBody):
    """A pause is told apart from others by its `cause`, or by its `reason` where it has no cause."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PAUSE]})

    cause: str | None = Field(default=None, max_length=LONGEST_NOTE, examples=["customer"])
    until: Until = Field(default=None, description=UNTIL, examples=["2026-03-09T09:00:00Z"])
    ends_when: EndsWhen = Field(default=None, description=ENDS_WHEN, examples=[["customer_replied"]])


class ResumeBody(CommandBody):
    """With a `cause` only the pause of that cause ends. Without one every pause ends."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.RESUME]})

    cause: str | None = Field(default=None, max_length=LONGEST_NOTE, examples=["customer"])


class AssignBody(CommandBody):
    """The ticket belongs to this team from now on, or to nobody."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ASSIGN]})

    team_id: str | None = Field(
        default=None, max_length=LONGEST_TEAM_ID, description="Null or left out: nobody.", examples=[TEAM]
    )


TARGET = "The name of a clock as `targets` has it; of an `ola`, `resolution/<stint>` is that of one stint."
CYCLE = "One of its cycles, by number; left out: each that had begun by then."
COVERS = "`breach`: what had been breached by then. `result`: whatever the cycle comes to. Left out: `breach`."
CoversName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(Covers)})]
TargetName = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TARGET)]
CycleNumber = Annotated[int, Field(ge=1)]


class UndoExcuseBody(CommandBody):
    """Every excuse of the target that was given before is taken back."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.UNDO_EXCUSE]})

    target: TargetName = Field(description=TARGET, examples=["resolution"])
    cycle: CycleNumber | None = Field(default=None, description=CYCLE, examples=[None])
    actor: str | None = Field(
        default=None, max_length=LONGEST_NOTE, description="Left out: the key.", examples=["ada@example.com"]
    )


class ExcuseBody(UndoExcuseBody):
    """A target and the reason why it does not count."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.EXCUSE]})

    reason: str = Field(min_length=1, max_length=LONGEST_NOTE, examples=["office closed by a storm"])
    covers: CoversName | None = Field(default=None, description=COVERS, examples=["breach"])


RESET_TARGET = "Of a reset, without a stint; left out: all of them."


class ResetBody(CommandBody):
    """The clocks begin anew from then on; a reason is needed."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.RESET]})

    target: str | None = Field(
        default=None, max_length=LONGEST_NOTE, description=f"{TARGET} {RESET_TARGET}", examples=["resolution"]
    )
    reason: str = Field(min_length=1, max_length=LONGEST_NOTE, examples=["The customer sent the logs only now"])
