"""Bodies of the requests that change policies, their targets and their escalations."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import ConfigDict, Field

from api.http.schemas import Body, CursorPageOf, DateTime, View
from api.v2.policies import examples
from api.v2.policies.schemas import (
    ACTIONS_SAY,
    DESPITE_SAYS,
    HOURS_SAY,
    REPEAT_SAYS,
    SKIP_SAYS,
    Actions,
    EscalationBody,
    EscalationStatusName,
    EscalationView,
    Percent,
    PolicyDocument,
    PolicyFields,
    RepeatAtMost,
    StepName,
    TargetBody,
    TargetType,
    TargetView,
    TriggerName,
)

PolicyId = Annotated[str, Path(examples=["sla_abc123"])]
TargetId = Annotated[str, Path(examples=["target_abc123"])]
EscalationId = Annotated[str, Path(examples=["esc_abc123"])]


class TargetOfPatch(TargetBody):
    id: str | None = Field(
        default=None,
        description="Left out: that of the target for the same pair, else a new one.",
        examples=["target_abc123"],
    )


class EscalationOfPatch(EscalationBody):
    id: str | None = Field(default=None, description="Left out: a new escalation.", examples=["esc_abc123"])


class PolicyPatch(PolicyFields):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.POLICY_PATCH]})

    # A default from a factory is not described; here a field that is left out has none.
    at_risk_percent: Percent = Field(default_factory=float, examples=[75])
    enabled: bool = Field(default_factory=bool, examples=[True])
    name: str = Field(default_factory=str, examples=["Critical Support (Updated)"])
    targets: list[TargetOfPatch] | None = Field(
        default=None, description="All of them, in place of those there are.", examples=[[examples.TARGET]]
    )
    escalations: list[EscalationOfPatch] | None = Field(
        default=None, description="All of them, in place of those there are.", examples=[[examples.ESCALATION]]
    )


class OrderBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.ORDER]})

    policy_ids: list[str] = Field(
        description="Every policy that is not archived, exactly once.",
        examples=[["sla_critical", "sla_high", "sla_standard"]],
    )


class OrderView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.ORDER]})

    policy_ids: list[str] = Field(
        description="The order in which policies are evaluated from now on.",
        examples=[["sla_critical", "sla_high", "sla_standard"]],
    )


class EscalationPatch(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.ESCALATION_PATCH]})

    name: StepName | None = Field(
        default=None, description="Null: it goes by what it does and when.", examples=["Call the duty manager"]
    )
    trigger: TriggerName = Field(
        default_factory=str,
        description="A change drops the threshold or the delay that was set.",
        examples=["approaching_breach"],
    )
    threshold_minutes: float | None = Field(default=None, description="Clears `trigger_percent`.", examples=[30])
    trigger_percent: Percent | None = Field(default=None, description="Clears `threshold_minutes`.", examples=[90])
    delay_minutes: float | None = Field(default=None, description="Working minutes after the breach.", examples=[15])
    target_type: TargetType | None = Field(default=None, description="Null: every target.", examples=["resolution"])
    actions: Actions = Field(default_factory=list, description=ACTIONS_SAY, examples=[[{"type": "notify_team_lead"}]])
    action_type: str | None = Field(
        default=None, description="Replaces the actions with this one.", examples=["notify"]
    )
    status: EscalationStatusName = Field(default_factory=str, examples=["active"])
    repeat_minutes: float | None = Field(
        default=None, description=f"{REPEAT_SAYS} Null: it speaks once.", examples=[15]
    )
    repeat_at_most: RepeatAtMost | None = Field(
        default=None, description="How often it speaks again; null: 24 times.", examples=[24]
    )
    hours: str | None = Field(default=None, description=HOURS_SAY, examples=["bh_default"])
    skip_if_nobody: bool | None = Field(default=None, description=SKIP_SAYS, examples=[True])
    despite_acknowledgement: bool | None = Field(default=None, description=DESPITE_SAYS, examples=[True])


class TargetOfPolicyView(TargetView):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.of_policy(examples.TARGET_VIEW)]})

    policy_id: str = Field(examples=["sla_abc123"])


class EscalationOfPolicyView(EscalationView):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.of_policy(examples.ESCALATION_VIEW)]})

    policy_id: str = Field(examples=["sla_abc123"])


class PolicyVersionView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.VERSION]})

    version: int = Field(examples=[1])
    change: Literal["created", "updated", "archived"] = Field(examples=["created"])
    changed_at: DateTime = Field(examples=[examples.CREATED_AT])
    changed_by: str = Field(description="The id of an API key, or `system`.", examples=["key_3q2-7wAbCdEfGhIj"])
    changed_by_name: str | None = Field(description="What that key is called.", examples=["Help desk"])
    policy: PolicyDocument


class PolicyVersionPage(CursorPageOf):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.page(examples.VERSION)]})

    data: list[PolicyVersionView]
