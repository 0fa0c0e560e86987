"""Parameters and answer of `/sla-policies/analytics`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field, WithJsonSchema

from api.http.schemas import View
from domain.policy.priorities import Priority

Date = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
"""Read by the core, as all dates are."""

StartDate = Annotated[
    Date | None,
    Query(alias="startDate", description="The first day; left out: 29 days before the last.", examples=["2026-03-01"]),
]
EndDate = Annotated[
    Date | None,
    Query(alias="endDate", description="The last day, included; left out: today.", examples=["2026-03-08"]),
]

_COMPLIANCE = "Percent of the windows that ended in the period with the status reached in time; null: none did."
_COMPLIANT = "Whether that is at least the threshold; null: there is nothing to compare."
_AVERAGE = "Of the windows of the period that have ended, late ones too; null: none has."


class SlaPeriodView(View):
    startDate: Date = Field(examples=["2026-03-01"])
    endDate: Date = Field(description="Included.", examples=["2026-03-08"])
    timezone: str = Field(description="The organization's.", examples=["Europe/Berlin"])


class BreachCountsView(View):
    """Numbers by the priority that the tickets were created with."""

    CRITICAL: int = Field(examples=[3])
    HIGH: int = Field(examples=[1])
    MEDIUM: int = Field(examples=[0])
    LOW: int = Field(examples=[0])


class PolicyComplianceView(View):
    policyId: str = Field(examples=["pol_abc123"])
    name: str = Field(examples=["Critical Outage SLA"])
    priority: Priority = Field(examples=["CRITICAL"])
    responseCompliance: float | None = Field(description=_COMPLIANCE, examples=[92.5])
    responseThreshold: int | float | None = Field(examples=[90])
    responseCompliant: bool | None = Field(description=_COMPLIANT, examples=[True])
    resolveCompliance: float | None = Field(description=_COMPLIANCE, examples=[80.0])
    resolveThreshold: int | float | None = Field(examples=[85])
    resolveCompliant: bool | None = Field(description=_COMPLIANT, examples=[False])
    averageResponseMinutes: float | None = Field(description=_AVERAGE, examples=[9.5])
    averageResolveMinutes: float | None = Field(description=_AVERAGE, examples=[48.25])


class UptimeView(View):
    """The uptime of the current month in the organization's time zone, whatever the period of the request is."""

    priority: Priority = Field(examples=["CRITICAL"])
    uptimeTarget: int | float | None = Field(description="Null: no policy sets one.", examples=[99.9])
    uptime: float | None = Field(description="Percent of the month so far.", examples=[99.9027])
    downtimeMinutes: float = Field(description="With a ticket open; several at once count once.", examples=[14.0])
    allowedDowntimeMinutes: float | None = Field(description="In the whole month.", examples=[43.2])
    remainingDowntimeMinutes: float | None = Field(description="What of that is left.", examples=[29.2])
    targetMet: bool | None = Field(description="By the month so far.", examples=[True])
    excusedDowntimeMinutes: float = Field(
        description="Of tickets whose whole resolution is excused; in none of the others.", examples=[0.0]
    )


class SlaAnalyticsView(View):
    period: SlaPeriodView
    breachesByPriority: BreachCountsView = Field(description="Windows that were exceeded: the two below together.")
    responseBreachesByPriority: BreachCountsView
    resolveBreachesByPriority: BreachCountsView
    excusedByPriority: BreachCountsView = Field(description="Windows that are excused; in none of the others.")
    averageResponseMinutes: float | None = Field(description=_AVERAGE, examples=[9.5])
    averageResolveMinutes: float | None = Field(description=_AVERAGE, examples=[48.25])
    policies: list[PolicyComplianceView]
    uptime: list[UptimeView] = Field(description="Every priority, the most urgent first.")
