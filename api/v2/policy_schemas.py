"""Bodies of `/policies` in the seed's shape."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from api.schemas import Body, DateTime, PageOf, View
from domain.clocks import CLOCKS
from domain.conditions import OPERATORS

TargetType = Annotated[str, WithJsonSchema({"type": "string", "enum": list(CLOCKS)})]
OperatorName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(OPERATORS)})]
Percent = Annotated[float, WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 100})]
MatchName = Annotated[str, WithJsonSchema({"type": "string", "enum": ["all", "any"]})]
TriggerName = Annotated[str, WithJsonSchema({"type": "string", "enum": ["approaching_breach", "breached"]})]
EscalationStatusName = Annotated[str, WithJsonSchema({"type": "string", "enum": ["active", "inactive"]})]


class ConditionBody(Body):
    field: str = Field(description="A ticket field, or a dotted path into nested ones.", examples=["priority"])
    operator: OperatorName = Field(examples=["in"])
    value: Any = Field(default=None, examples=[["urgent", "high"]])


class TargetBody(Body):
    type: TargetType = Field(examples=["first_response"])
    priority: str | None = Field(default=None, description="Left out: any priority.", examples=["urgent"])
    hours: float | None = Field(default=None, description="Working time; fractions are legal.", examples=[1])
    minutes: float | None = Field(default=None, description="Instead of hours.")
    pausable: bool = True


class EscalationBody(Body):
    trigger: TriggerName = Field(examples=["approaching_breach"])
    threshold_minutes: float | None = Field(default=None, description="Working minutes before due.", examples=[30])
    trigger_percent: Percent | None = Field(default=None, description="Share of the target used.")
    delay_minutes: float | None = Field(default=None, description="Working minutes after the breach.")
    target_type: TargetType | None = Field(default=None, description="Left out: every target.")
    actions: list[Any] = Field(default=[], examples=[[{"type": "notify_team_lead"}]])
    action_type: str | None = None
    status: EscalationStatusName = "active"


class PolicyFields(Body):
    description: str | None = Field(default=None, examples=["SLA for urgent and high-priority tickets"])
    conditions: list[ConditionBody] | None = Field(default=None, description="None at all match every ticket.")
    match: MatchName | None = Field(default=None, description="Whether all conditions must hold or any of them.")
    at_risk_percent: Percent = 75
    business_hours: bool | None = Field(default=None, description="False measures around the clock.")
    business_hours_id: str | None = Field(default=None, description="Left out: the organization's default calendar.")
    enabled: bool = True


class PolicyBody(PolicyFields):
    name: str = Field(examples=["Critical Support"])
    targets: list[TargetBody] | None = None
    escalations: list[EscalationBody] | None = None


class ConditionView(View):
    field: str
    operator: str
    value: Any = None


class TargetView(View):
    id: str = Field(examples=["target_9f2c41d07be35a68"])
    type: str = Field(examples=["first_response"])
    priority: str | None = Field(examples=["urgent"])
    hours: int | float = Field(examples=[1])
    minutes: int | float = Field(examples=[60])
    pausable: bool


class EscalationView(View):
    id: str = Field(examples=["esc_3b07d1e2f4a59c86"])
    trigger: str
    threshold_minutes: int | float | None
    trigger_percent: int | float | None
    delay_minutes: int | float
    target_type: str | None
    actions: list[dict[str, Any]]
    action_type: str | None = Field(description="The action, where it is a single one without anything but its type.")
    status: str


class PolicyDocument(View):
    id: str = Field(examples=["sla_5d1f0a9be2c34786"])
    name: str = Field(examples=["Critical Support"])
    description: str
    conditions: list[ConditionView]
    match: Literal["all", "any"]
    targets: list[TargetView]
    escalations: list[EscalationView]
    at_risk_percent: int | float
    business_hours: bool
    business_hours_id: str | None
    enabled: bool
    version: int = Field(description="Every change makes a new one; an instance keeps the one it was opened under.")


class PolicyView(PolicyDocument):
    created_at: DateTime
    updated_at: DateTime
    archived_at: DateTime | None = Field(description="An archived policy matches nothing; null: it is live.")


class PolicyPage(PageOf):
    data: list[PolicyView]
