"""Bodies of `/policies` in the seed's shape."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import ConfigDict, Field, WithJsonSchema

from api.http.schemas import Body, CursorPageOf, DateTime, View
from api.v2.policies import examples
from api.v2.policies.event_lists import CancelsOn, EventList, StartsOn, StopsOn, WhileOpen
from domain.calendar.validation import WEEKDAYS
from domain.ids import Kind
from domain.policy.actions import FIELD as ACTION_FIELD
from domain.policy.actions import SPOKEN, Action
from domain.policy.clocks.clocks import CLOCKS, OnReopen
from domain.policy.escalations import LONGEST_NAME, MOST_REPEATS
from domain.policy.policies import OnChange, RetargetBreaches
from domain.ticket.conditions.conditions import OPERATORS, Match
from domain.ticket.origins import Origin
from service.policies.ids import ESCALATION, TARGET, pattern

OriginOfList = Annotated[
    Literal["v1", "v2", "all"],
    Query(description="Those of which API; those of `v1` stand in no order, for each ticket matches one at most."),
]
TargetType = Annotated[
    str,
    WithJsonSchema({"type": "string", "anyOf": [{"enum": list(CLOCKS)}, {"pattern": "^[a-z][a-z0-9_]{0,49}$"}]}),
]
TargetName = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[a-z][a-z0-9_]{0,49}$"})]
WeekdayName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(WEEKDAYS)})]
TimeOfDay = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})]
OnChangeName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(OnChange)})]
OnReopenName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(OnReopen)})]
RetargetBreachesName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(RetargetBreaches)})]
OperatorName = Annotated[Any, WithJsonSchema({"type": "string", "enum": list(OPERATORS)})]
Percent = Annotated[float, WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 100})]
_CONDITION: dict[str, Any] = {
    "type": "object",
    "properties": {
        "field": {"type": "string"},
        "operator": {"type": "string", "enum": list(OPERATORS)},
        "value": {},
        "case_sensitive": {"type": "boolean"},
    },
    "required": ["field", "operator"],
}
_CONDITIONS: dict[str, Any] = {"type": "array", "minItems": 1, "items": _CONDITION}
_MATCHED: dict[str, Any] = {
    "type": "object",
    "properties": {"match": {"type": "string", "enum": list(Match)}, "conditions": _CONDITIONS},
    "required": ["conditions"],
}
Criteria = Annotated[Any, WithJsonSchema({"anyOf": [_CONDITIONS, _MATCHED, {"type": "null"}]})]
"""A list of conditions that all must hold, or `{match, conditions}`."""


MatchName = Annotated[str, WithJsonSchema({"type": "string", "enum": ["all", "any"]})]
StepName = Annotated[str, WithJsonSchema({"type": "string", "maxLength": LONGEST_NAME})]
TriggerName = Annotated[str, WithJsonSchema({"type": "string", "enum": ["approaching_breach", "breached"]})]
EscalationStatusName = Annotated[str, WithJsonSchema({"type": "string", "enum": ["active", "inactive"]})]
PolicyIdText = Annotated[str, WithJsonSchema({"type": "string", "pattern": pattern(*Kind)})]
TargetIdText = Annotated[str, WithJsonSchema({"type": "string", "pattern": pattern(TARGET)})]
EscalationIdText = Annotated[str, WithJsonSchema({"type": "string", "pattern": pattern(ESCALATION)})]


class ConditionBody(Body):
    field: str = Field(description="A ticket field, or a dotted path into nested ones.", examples=["priority"])
    operator: OperatorName = Field(examples=["in"])
    value: Any = Field(default=None, examples=[["urgent", "high"]])
    case_sensitive: bool | None = Field(
        default=None,
        description="Whether `Urgent` and `urgent` differ; left out: not for a priority, nor for whole values "
        "(`eq`, `neq`, `in`, `not_in`) of a field that is no id.",
        examples=[False],
    )


DUE_FIELD = (
    "A field of the ticket, or a dotted path into nested ones, that holds the due instant: a date (the end of that "
    "day) or a date and time with its offset. Nothing beside it."
)


class DeadlineBody(Body):
    """The first such wall time after the start of the clock, in the time zone of its business hours; or the instant
    that a field of the ticket holds."""

    weekday: WeekdayName | None = Field(default=None, description="Left out: of any day.", examples=["fri"])
    time: TimeOfDay | None = Field(default=None, description="Needed without `field`.", examples=["16:00"])
    field: str | None = Field(default=None, description=DUE_FIELD, examples=[None])


class TargetBody(Body):
    """One of `hours`, `minutes`, `days` and `by` is needed."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TARGET]})

    id: TargetIdText | None = Field(default=None, description="Left out: a new one.", examples=["target_abc123"])
    type: TargetType = Field(examples=["first_response"])
    name: TargetName | None = Field(
        default=None, description="Tells targets of one type and priority apart.", examples=[None]
    )
    priority: str | None = Field(default=None, description="Left out: any priority.", examples=["urgent"])
    hours: float | None = Field(default=None, description="Working time; fractions are legal.", examples=[1])
    minutes: float | None = Field(default=None, description="Instead of hours.", examples=[60])
    days: int | None = Field(default=None, description="Instead of hours: working days.", examples=[None])
    end_of_day: bool | None = Field(
        default=None, description="Of `days`: due when the last of them closes.", examples=[None]
    )
    by: DeadlineBody | None = Field(default=None, description="Instead of hours: an instant.", examples=[None])
    pausable: bool = Field(default=True, description="Whether a pause stops its clock.", examples=[True])
    pauses_when: Criteria = Field(
        default=None,
        description="Its clock is paused while they hold for the ticket's fields: a list of conditions, or "
        "`{match: any, conditions: [...]}`.",
        examples=[[examples.PENDING]],
    )
    starts_on: StartsOn = Field(
        default=None,
        description="The events that start its clock, each a kind or `{event, by}` with the roles of its author; left "
        "out: those of the type, or none where there is `starts_when`.",
        examples=[["customer_replied"]],
    )
    stops_on: StopsOn = Field(
        default=None,
        description="The events that stop it; left out: those of the type, `resolved` for a clock of one's own.",
        examples=[[{"event": "agent_replied", "by": ["agent", "bot"]}, "resolved"]],
    )
    renews_on: WhileOpen = Field(
        default=None,
        description="The events that end a cycle and begin the next, of `next_response`, `periodic_update` and clocks "
        "of one's own; left out: those of the type.",
        examples=[None],
    )
    cancels_on: CancelsOn = Field(
        default=None,
        description="The events that end it, neither met nor missed, until it starts anew.",
        examples=[None],
    )
    pauses_on: WhileOpen = Field(
        default=None, description="The events that hold it until one of `resumes_on` comes.", examples=[None]
    )
    resumes_on: WhileOpen = Field(default=None, description="Of `pauses_on`: the other side.", examples=[None])
    starts_when: Criteria = Field(
        default=None, description="It starts once they hold, as with an event of `starts_on`.", examples=[None]
    )
    stops_when: Criteria = Field(
        default=None, description="It stops once they hold, as with an event of `stops_on`.", examples=[None]
    )
    cancels_when: Criteria = Field(
        default=None, description="It is cancelled while they hold, neither met nor missed.", examples=[None]
    )
    on_reopen: OnReopenName | None = Field(
        default=None,
        description="Of `resolution` and clocks of one's own: what a reopening does; left out: what the policy says.",
        examples=[None],
    )


_ONE_ACTION = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "enum": list(Action)},
        **{name: {"type": "string"} for name in ACTION_FIELD.values() if name},
    },
    "required": ["type"],
    "additionalProperties": False,
}
# The core reads it, so that its rules stand in one place.
Actions = Annotated[list[Any], WithJsonSchema({"type": "array", "items": _ONE_ACTION})]
RepeatAtMost = Annotated[Any, WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_REPEATS})]
ACTIONS_SAY = f"Each is one of {SPOKEN}; in brackets the field that it needs."
REPEAT_SAYS = "It speaks again each time so many working minutes have passed, until somebody acknowledges."
NAME_SAYS = "What people call the step, told apart from the others of its target. Left out: by what it does and when."
HOURS_SAY = "Business hours in which it may speak; outside them it is held until they open. Left out: at any time."
SKIP_SAYS = "Whether nothing is sent where its actions find nobody."
DESPITE_SAYS = "Whether it comes although an acknowledgement has ended the other steps."


class EscalationBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.ESCALATION, examples.ESCALATION_OF_PERCENT]})

    id: EscalationIdText | None = Field(default=None, description="Left out: a new one.", examples=["esc_abc123"])
    name: StepName | None = Field(default=None, description=NAME_SAYS, examples=["Call the duty manager"])
    trigger: TriggerName = Field(default="approaching_breach", examples=["approaching_breach"])
    threshold_minutes: float | None = Field(default=None, description="Working minutes before due.", examples=[30])
    trigger_percent: Percent | None = Field(default=None, description="Share of the target used.", examples=[90])
    delay_minutes: float | None = Field(default=None, description="Working minutes after the breach.", examples=[15])
    target_type: TargetType | None = Field(default=None, description="Left out: every target.", examples=["resolution"])
    actions: Actions = Field(default=[], description=ACTIONS_SAY, examples=[[{"type": "notify_team_lead"}]])
    action_type: str | None = Field(
        default=None, description="Instead of `actions`: this one alone.", examples=["notify"]
    )
    status: EscalationStatusName = Field(default="active", examples=["active"])
    repeat_minutes: float | None = Field(default=None, description=REPEAT_SAYS, examples=[None])
    repeat_at_most: RepeatAtMost | None = Field(
        default=None, description="How often it speaks again; left out: 24 times.", examples=[None]
    )
    hours: str | None = Field(default=None, description=HOURS_SAY, examples=[None])
    skip_if_nobody: bool | None = Field(default=None, description=SKIP_SAYS, examples=[None])
    despite_acknowledgement: bool | None = Field(default=None, description=DESPITE_SAYS, examples=[None])

    def given(self) -> dict[str, Any]:
        return {"trigger": self.trigger, **super().given()}


_LENGTH = {
    "anyOf": [
        {
            "type": "object",
            "properties": {unit: {"type": "number", "exclusiveMinimum": 0}},
            "required": [unit],
            "additionalProperties": False,
        }
        for unit in ("hours", "minutes")
    ]
}
# The core reads it, so that its rules stand in one place.
PausesAtMost = Annotated[
    Any, WithJsonSchema({"anyOf": [{"type": "object", "additionalProperties": _LENGTH}, {"type": "null"}]})
]


BusinessHoursChoice = Annotated[
    Any, WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string", "enum": ["team"]}, {"type": "null"}]})
]


class PolicyFields(Body):
    description: str | None = Field(default=None, examples=["SLA for urgent and high-priority tickets"])
    conditions: list[ConditionBody] | None = Field(
        default=None, description="None at all match every ticket.", examples=[[examples.CONDITION]]
    )
    match: MatchName | None = Field(
        default=None, description="Whether all conditions must hold or any of them.", examples=["all"]
    )
    at_risk_percent: Percent = Field(default=75, examples=[75])
    business_hours: BusinessHoursChoice = Field(
        default=None,
        description="False: around the clock; `team`: each part of a clock in the hours of the team that had it.",
        examples=[False],
    )
    business_hours_id: str | None = Field(
        default=None, description="Left out: the organization's default calendar.", examples=["bh_default"]
    )
    enabled: bool = Field(default=True, examples=[True])
    on_change: OnChangeName | None = Field(
        default=None,
        description="What a change of priority or policy does to clocks that are going; left out: `keep`.",
        examples=["keep"],
    )
    on_reopen: OnReopenName | None = Field(
        default=None,
        description="What a reopening does to a stopped clock; left out: `continue`.",
        examples=["continue"],
    )
    retarget_breaches: RetargetBreachesName | None = Field(
        default=None,
        description="What becomes of a breach when `retarget` brings a target that has time left; left out: `keep`.",
        examples=["keep"],
    )
    pauses_at_most: PausesAtMost = Field(
        default=None,
        description="By cause, the working time after which a pause no longer holds a clock; `*`: any other cause.",
        examples=[{"customer": {"hours": 40}}],
    )


class PolicyBody(PolicyFields):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.POLICY_BODY]})

    id: PolicyIdText | None = Field(
        default=None, description="`sla_...`, of OLA `ola_...`. Left out: a new one.", examples=["sla_abc123"]
    )
    name: str = Field(examples=["Critical Support"])
    targets: list[TargetBody] | None = Field(default=None, examples=[[examples.TARGET]])
    escalations: list[EscalationBody] | None = Field(default=None, examples=[[examples.ESCALATION]])


class ConditionView(View):
    field: str = Field(examples=["priority"])
    operator: str = Field(examples=["in"])
    value: Any = Field(default=None, examples=[["urgent", "high"]])
    case_sensitive: bool | None = Field(default=None, description="Left out: the default.", examples=[False])


class DeadlineView(View):
    weekday: str | None = Field(default=None, examples=["fri"])
    time: str | None = Field(default=None, examples=["16:00"])
    field: str | None = Field(default=None, description=DUE_FIELD, examples=[None])


class TargetView(View):
    """A target. Fields that are not set are left out, except `hours` and `minutes`."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TARGET_VIEW]})

    id: str = Field(examples=["target_abc123"])
    type: str = Field(examples=["first_response"])
    priority: str | None = Field(description="Null: any priority.", examples=["urgent"])
    hours: int | float | None = Field(description="Null for a target in days or by an instant.", examples=[1])
    minutes: int | float | None = Field(description="Null for a target in days or by an instant.", examples=[60])
    days: int | None = Field(default=None, description="Working days.", examples=[2])
    end_of_day: bool | None = Field(default=None, examples=[True])
    by: DeadlineView | None = None
    pausable: bool = Field(examples=[True])
    pauses_when: Criteria = Field(default=None, examples=[[examples.PENDING]])
    starts_when: Criteria = Field(default=None, examples=[None])
    stops_when: Criteria = Field(default=None, examples=[None])
    cancels_when: Criteria = Field(default=None, examples=[None])
    starts_on: EventList = Field(default=None, examples=[None])
    stops_on: EventList = Field(default=None, examples=[None])
    renews_on: EventList = Field(default=None, examples=[None])
    cancels_on: EventList = Field(default=None, examples=[None])
    pauses_on: EventList = Field(default=None, examples=[None])
    resumes_on: EventList = Field(default=None, examples=[None])
    on_reopen: OnReopen | None = Field(default=None, description="Left out: as the policy.", examples=["ignore"])
    name: str | None = Field(default=None, description="Where it has one.", examples=["workaround"])


class EscalationView(View):
    """An escalation. From `name` on, fields that are not set are left out."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ESCALATION_VIEW]})

    id: str = Field(examples=["esc_abc123"])
    trigger: str = Field(examples=["approaching_breach"])
    threshold_minutes: int | float | None = Field(examples=[30])
    trigger_percent: int | float | None = Field(examples=[None])
    delay_minutes: int | float = Field(examples=[0])
    target_type: str | None = Field(description="Null: every target.", examples=[None])
    actions: list[dict[str, Any]] = Field(examples=[[{"type": "notify_team_lead"}]])
    action_type: str | None = Field(
        description="The action, where it is a single one without anything but its type.",
        examples=["notify_team_lead"],
    )
    status: str = Field(examples=["active"])
    name: str | None = Field(default=None, description=NAME_SAYS, examples=["Call the duty manager"])
    repeat_minutes: int | float | None = Field(default=None, description=REPEAT_SAYS, examples=[15])
    repeat_at_most: int | None = Field(default=None, description="Where it repeats: how often.", examples=[24])
    hours: str | None = Field(default=None, description=HOURS_SAY, examples=["bh_default"])
    skip_if_nobody: bool | None = Field(default=None, description=SKIP_SAYS, examples=[True])
    despite_acknowledgement: bool | None = Field(default=None, description=DESPITE_SAYS, examples=[True])


class PolicyDocument(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.POLICY_DOCUMENT]})

    id: str = Field(examples=["sla_abc123"])
    name: str = Field(examples=["Critical Support"])
    description: str = Field(examples=["SLA for urgent and high-priority tickets"])
    conditions: list[ConditionView] = Field(examples=[[examples.CONDITION]])
    match: Literal["all", "any"] = Field(examples=["all"])
    targets: list[TargetView] = Field(examples=[[examples.TARGET_VIEW]])
    escalations: list[EscalationView] = Field(examples=[[examples.ESCALATION_VIEW]])
    at_risk_percent: int | float | None = Field(
        description="Null, in a policy of the API v1: warnings come halfway only.", examples=[75]
    )
    business_hours: bool | Literal["team"] = Field(examples=[False])
    business_hours_id: str | None = Field(examples=[None])
    enabled: bool = Field(examples=[True])
    on_change: OnChange = Field(examples=["keep"])
    on_reopen: OnReopen = Field(examples=["continue"])
    retarget_breaches: RetargetBreaches = Field(examples=["keep"])
    pauses_at_most: dict[str, dict[str, int | float]] = Field(examples=[{}])
    origin: Origin = Field(description="Through which API it was created, and its tickets come.", examples=["v2"])
    version: int = Field(
        description="Every change makes a new one; an instance keeps the one it was opened under.", examples=[1]
    )


class LintView(View):
    field: str = Field(description="The place in the policy.", examples=["escalations[0].actions[0]"])
    value: str | None = Field(
        description="Whom it names; of a team's lead, the lead or the team that has none.", examples=["team_escalation"]
    )
    reason: str = Field(examples=["team Escalation has no lead"])


class PolicyView(PolicyDocument):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.POLICY_VIEW]})

    lints: list[LintView] = Field(
        description="Whom the policy names and would not reach now, by the contacts, on-calls and teams there are.",
        examples=[examples.LINTS],
    )
    created_at: DateTime = Field(examples=[examples.CREATED_AT])
    updated_at: DateTime = Field(examples=[examples.CREATED_AT])
    archived_at: DateTime | None = Field(
        description="An archived policy matches nothing; null: it is live.", examples=[None]
    )


class PolicyPage(CursorPageOf):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.page(examples.POLICY_VIEW)]})

    data: list[PolicyView]
