"""Bodies of what changes policies, their targets and their escalations."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.schemas import Body, DateTime, PageOf, View
from api.v2.policy_schemas import (
    EscalationBody,
    EscalationStatusName,
    EscalationView,
    Percent,
    PolicyDocument,
    PolicyFields,
    TargetBody,
    TargetType,
    TargetView,
    TriggerName,
)


class TargetOfPatch(TargetBody):
    id: str | None = Field(default=None, description="Left out: that of the target for the same pair, else a new one.")


class EscalationOfPatch(EscalationBody):
    id: str | None = Field(default=None, description="Left out: a new escalation.")


class PolicyPatch(PolicyFields):
    # A default from a factory is not described; here a field that is left out has none.
    at_risk_percent: Percent = Field(default_factory=float)
    enabled: bool = Field(default_factory=bool)
    name: str = Field(default_factory=str, examples=["Critical Support (Updated)"])
    targets: list[TargetOfPatch] | None = Field(default=None, description="All of them, in place of those there are.")
    escalations: list[EscalationOfPatch] | None = Field(
        default=None, description="All of them, in place of those there are."
    )


class OrderBody(Body):
    policy_ids: list[str] = Field(
        description="Every policy that is not archived, exactly once.",
        examples=[["sla_critical", "sla_high", "sla_standard"]],
    )


class OrderView(View):
    policy_ids: list[str] = Field(description="The order in which policies are evaluated from now on.")


class EscalationPatch(Body):
    trigger: TriggerName = Field(
        default_factory=str, description="A change drops the threshold or the delay that was set."
    )
    threshold_minutes: float | None = Field(default=None, description="Clears `trigger_percent`.")
    trigger_percent: Percent | None = Field(default=None, description="Clears `threshold_minutes`.", examples=[90])
    delay_minutes: float | None = Field(default=None, description="Working minutes after the breach.")
    target_type: TargetType | None = Field(default=None, description="Null: every target.")
    actions: list[Any] = Field(default_factory=list)
    action_type: str | None = Field(
        default=None, description="Replaces the actions with this one.", examples=["notify"]
    )
    status: EscalationStatusName = Field(default_factory=str, examples=["active"])


class TargetOfPolicyView(TargetView):
    policy_id: str


class EscalationOfPolicyView(EscalationView):
    policy_id: str


class PolicyVersionView(View):
    version: int
    change: Literal["created", "updated", "archived"]
    changed_at: DateTime
    changed_by: str = Field(description="The id of an API key, or `system`.", examples=["key_3q2-7wAbCdEfGhIj"])
    changed_by_name: str | None = Field(description="What that key is called.")
    policy: PolicyDocument


class PolicyVersionPage(PageOf):
    data: list[PolicyVersionView]
