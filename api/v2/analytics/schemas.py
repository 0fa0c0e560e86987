"""Parameters and answers of `/analytics`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field, WithJsonSchema

from api.http.schemas import CursorPageOf, DateTime, Several, View
from api.v2.instances.schemas import ExcuseView
from api.v2.policies.schemas import TargetType
from domain.analytics.buckets import MOST_BUCKETS, Granularity
from domain.ids import Kind

Date = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
"""Read by the core, as all dates are."""

StartDate = Annotated[
    Date | None,
    Query(description="The first day; left out: 29 days before the last.", examples=["2026-03-01"]),
]
EndDate = Annotated[Date | None, Query(description="The last day, included; left out: today.", examples=["2026-03-08"])]
Timezone = Annotated[
    str | None,
    Query(description="An IANA zone; left out: the organization's.", examples=["Europe/Berlin"]),
]
KindOf = Annotated[Kind, Query(description="`ola`: the clocks of internal commitments (Enterprise).")]
PolicyId = Annotated[Several[str], Query(description="By which the target was measured.", examples=[["sla_abc123"]])]
Priority = Annotated[
    Several[str], Query(description="For which it was promised, in whatever case.", examples=[["urgent"]])
]
TeamId = Annotated[Several[str], Query(examples=[["team_support"]])]
Assignee = Annotated[Several[str], Query(description="Who has the ticket now.", examples=[["ada@example.com"]])]
Type = Annotated[Several[TargetType], Query(alias="type", examples=[["resolution"]])]
OnlyExcused = Annotated[
    bool, Query(description="Those that are excused, instead of those that count.", examples=[False])
]
BucketSize = Annotated[
    Granularity,
    Query(description=f"Weeks are ISO weeks. There are at most {MOST_BUCKETS} buckets."),
]


class PeriodView(View):
    start_date: Date = Field(examples=["2026-03-01"])
    end_date: Date = Field(description="Included.", examples=["2026-03-08"])
    timezone: str = Field(examples=["Europe/Berlin"])


Rate = Annotated[float | None, Field(description="Percent of met and breached; null without any.", examples=[92.5])]


class CountsView(View):
    met: int = Field(examples=[37])
    breached: int = Field(examples=[3])
    cancelled: int = Field(description="By when they were; in no rate.", examples=[1])
    excused: int = Field(description="Whatever they came to; in no rate.", examples=[0])
    total: int = Field(examples=[41])


class SpreadView(View):
    average: float | None = Field(examples=[35.2])
    median: float | None = Field(examples=[28.0])
    p90: float | None = Field(examples=[71.5])


class TimesView(View):
    """Times of the counted targets whose clock has stopped. Percentiles are interpolated linearly between closest
    ranks."""

    count: int = Field(examples=[20])
    working_minutes: SpreadView
    calendar_minutes: SpreadView


class HeadlineView(View):
    counts: CountsView
    instances: int = Field(description="That these targets belong to.", examples=[21])
    compliance_rate: Rate
    first_response: TimesView
    resolution: TimesView
    paused_share: float | None = Field(
        description="Of the wall time of the counted targets whose clock has stopped, 0 to 1.", examples=[0.0731]
    )


class ChangeView(HeadlineView):
    """The figures of the period minus those of the period before, the rate in percentage points; null where either is
    null."""


class PreviousView(HeadlineView):
    period: PeriodView
    change: ChangeView


class RateView(View):
    met: int = Field(examples=[37])
    breached: int = Field(examples=[3])
    excused: int = Field(examples=[0])
    compliance_rate: Rate


class TypeRateView(RateView):
    type: str = Field(examples=["resolution"])


class PriorityRateView(RateView):
    priority: str | None = Field(examples=["urgent"])


class PolicyRateView(RateView):
    policy_id: str | None = Field(examples=["sla_abc123"])
    policy_name: str | None = Field(examples=["Critical Support"])


class TeamRateView(RateView):
    team_id: str | None = Field(description="Null: nobody's.", examples=["team_support"])
    team_name: str | None = Field(examples=["Support"])


class GroupRateView(RateView):
    value: str | None = Field(description="Null: of tickets that have none.", examples=["Acme"])


class GroupRatesView(View):
    """The targets of a ticket with several values count in each. There are at most a hundred groups, most targets
    first."""

    by: str = Field(examples=["customer"])
    total: int = Field(description="How many groups there are in all.", examples=[1])
    data: list[GroupRateView]


class SummaryView(HeadlineView):
    """The figures of a period. Each list begins with the entry that has the most targets."""

    period: PeriodView
    by_target_type: list[TypeRateView]
    by_priority: list[PriorityRateView]
    by_policy: list[PolicyRateView]
    by_team: list[TeamRateView]
    groups: GroupRatesView | None = Field(description="By the ticket as it is now; null without `group_by`.")
    previous: PreviousView = Field(description="As many days, right before.")


class BucketView(RateView):
    start: DateTime = Field(examples=["2026-03-01T23:00:00Z"])
    end: DateTime = Field(description="Not included.", examples=["2026-03-08T23:00:00Z"])
    label: str = Field(description="In the zone: an hour, a date, a week or a month.", examples=["2026-W10"])
    clipped: bool = Field(description="The period holds only a part of this week or month.", examples=[False])


class GroupTrendView(View):
    value: str | None = Field(description="Null: of tickets that have none.", examples=["Acme"])
    data: list[RateView] = Field(description="For each bucket, in their order.")


class GroupTrendsView(View):
    """A target of a ticket with several values counts in each. There are at most twenty groups, most targets first."""

    by: str = Field(examples=["customer"])
    total: int = Field(description="How many groups there are in all.", examples=[1])
    data: list[GroupTrendView]


class TrendView(View):
    period: PeriodView
    granularity: Granularity = Field(examples=["week"])
    data: list[BucketView]
    groups: GroupTrendsView | None = Field(default=None, description="Null without `group_by`.", examples=[None])


class BreachView(View):
    """One broken promise. `overrun_seconds` is working time. Both overruns grow until the clock stops."""

    instance_id: str = Field(examples=["inst_sla_conversation_conv_456"])
    conversation_id: str | None = Field(default=None, examples=["conv_456"])
    ticket_id: str | None = Field(default=None, examples=["4711"])
    incident_id: str | None = Field(default=None, examples=["inc_9"])
    target: str = Field(examples=["resolution"])
    due_at: DateTime = Field(examples=["2026-03-08T14:00:00Z"])
    stopped_at: DateTime | None = Field(description="Null while the clock is open.", examples=["2026-03-08T14:30:00Z"])
    overrun_seconds: int | float = Field(examples=[1800])
    overrun_calendar_seconds: int | float = Field(examples=[1800])
    policy_id: str | None = Field(examples=["sla_abc123"])
    policy_name: str | None = Field(examples=["Critical Support"])
    team_id: str | None = Field(examples=["team_support"])
    team_name: str | None = Field(examples=["Support"])
    priority: str | None = Field(examples=["urgent"])
    excused: bool = Field(examples=[False])
    excuse: ExcuseView | None = Field(default=None, description="Only where it is excused.")


class WeekdayCount(View):
    weekday: str = Field(examples=["mon"])
    count: int = Field(examples=[2])


class HourCount(View):
    hour: int = Field(examples=[14])
    count: int = Field(examples=[2])


class TeamCount(View):
    team_id: str | None = Field(examples=["team_support"])
    team_name: str | None = Field(examples=["Support"])
    count: int = Field(examples=[2])


class PolicyCount(View):
    policy_id: str | None = Field(examples=["sla_abc123"])
    policy_name: str | None = Field(examples=["Critical Support"])
    count: int = Field(examples=[2])


class GroupCount(View):
    value: str | None = Field(description="Null: of tickets that have none.", examples=["Acme"])
    count: int = Field(examples=[2])


class GroupCountsView(View):
    by: str = Field(examples=["customer"])
    total: int = Field(description="How many groups there are in all.", examples=[1])
    data: list[GroupCount]


class ClustersView(View):
    """All breaches that match, not only those of this page, grouped by the due's wall clock in the zone, most first."""

    by_weekday: list[WeekdayCount]
    by_hour: list[HourCount]
    by_team: list[TeamCount]
    by_policy: list[PolicyCount]
    by_group: GroupCountsView | None = Field(description="By the ticket as it is now; null without `group_by`.")


HourCounts = Annotated[
    list[list[int]],
    Field(description="A row of 24 hours for each of the `weekdays`.", examples=[[[0] * 24] * 7]),
]


class HeatmapView(View):
    period: PeriodView
    weekdays: list[str] = Field(examples=[["mon", "tue", "wed", "thu", "fri", "sat", "sun"]])
    opened: HourCounts
    met: HourCounts
    breached: HourCounts
    excused: HourCounts


class BreachPage(CursorPageOf):
    data: list[BreachView]
    period: PeriodView
    excused: int = Field(description="How many are excused, of all of the period.", examples=[0])
    clusters: ClustersView
