"""The shape of an explanation."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.http.schemas import DateTime, View
from api.v2.instances.command_schemas import ENDS_WHEN, UNTIL, EndsWhen, Until
from api.v2.instances.explain import examples
from api.v2.instances.schemas import EXCUSED, DeadlineStateView, ExcuseView, OutcomeView
from domain.calendar.rules.closures import ClosingRule
from domain.explaining.explanation import MOST_SEGMENTS
from domain.explaining.segments import SegmentKind
from domain.plan.measured.pauses import EndedBy
from domain.plan.status import InstanceStatus
from domain.policy.clocks.clocks import ClockState
from domain.ticket.authors import Role

Seconds = int | float
MAX_SEGMENTS = 5000


class ExplainFormat(StrEnum):
    JSON = "json"
    TEXT = "text"


class ExplainQuery(BaseModel):
    """How much is explained, as of when, and in what shape."""

    as_of: DateTime | None = Field(
        default=None,
        description="Explain what was known at this instant: the events received and the milestones fired by then.",
        examples=["2026-03-06T16:30:00Z"],
    )
    format: ExplainFormat | None = Field(
        default=None, description="Left out: what `Accept` prefers.", examples=["json"]
    )
    segments: int = Field(
        default=MOST_SEGMENTS,
        ge=1,
        le=MAX_SEGMENTS,
        description="Of each clock, the latest; what was before is summed up in one more.",
    )


class CheckedConditionView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.HELD]})

    field: str = Field(examples=["priority"])
    operator: str = Field(examples=["in"])
    value: Any = Field(default=None, description="What the policy asks for; long ones are cut.", examples=["urgent"])
    actual: Any = Field(
        default=None, description="The ticket's value when it opened; left out: it has no such field.", examples=["low"]
    )
    holds: bool


class PassedPolicyView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.PASSED]})

    policy_id: str = Field(examples=["sla_0aa1b2c3d4e5f607"])
    name: str = Field(examples=["Gold customers"])
    version: int = Field(examples=[2])
    reason: Literal["conditions", "disabled"]
    match: Literal["all", "any"] | None = Field(default=None, description="Not of a disabled one.", examples=["all"])
    failed: list[CheckedConditionView] | None = Field(default=None, description="Those that did not hold; the first 5.")
    failed_in_all: int | None = Field(default=None, examples=[1])


class MatchingView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.MATCHING]})

    match: Literal["all", "any"]
    conditions: list[CheckedConditionView] = Field(
        description="The first 5 of the policy that was chosen; none at all: it takes every ticket."
    )
    conditions_in_all: int = Field(examples=[1])
    above: list[PassedPolicyView] = Field(description="The first 50 policies that were asked before it.")
    above_in_all: int = Field(examples=[1])


class NamedPolicyView(View):
    id: str = Field(examples=["sla_5d1f0a9be2c34786"])
    name: str = Field(examples=["Urgent"])
    version: int = Field(examples=[1])


class ChosenPolicyView(NamedPolicyView):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.POLICY]})

    matched_by: Literal["conditions", "priority"] = Field(description="`priority`: a ticket of Scrubbe's API.")
    matching: MatchingView | None = Field(description="Null: it was not recorded when the ticket opened.")
    opened_under: NamedPolicyView | None = Field(default=None, description="Only where a replan put another in place.")


class CalendarVersionView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.CALENDAR]})

    id: str | None = Field(description="Null: around the clock.", examples=["bh_default"])
    version: int = Field(examples=[3])
    timezone: str = Field(examples=["Europe/Berlin"])


class PolicyChangeView(View):
    """A change of the ticket that put other promises in force."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CHANGE]})

    at: DateTime = Field(examples=["2026-03-06T15:00:00Z"])
    event_id: str = Field(examples=["zd-118-4"])
    policy: NamedPolicyView
    priority: str | None = Field(examples=["urgent"])
    restarts: bool = Field(description="Whether the clocks began again.")
    calendar: CalendarVersionView
    matching: MatchingView | None = Field(
        description="Null: no policy chooses the ticket any more; nothing is promised."
    )


class ShareView(View):
    """How long one cause held a clock. The shares of causes at the same time overlap."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SHARE]})

    cause: str = Field(description="Empty: none was given.", examples=["customer"])
    seconds: Seconds = Field(description="On the wall.", examples=[3600])
    working_seconds: Seconds = Field(description="Of them, in working time.", examples=[1800])


class TotalsView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.TOTALS]})

    running_seconds: Seconds = Field(examples=[1800])
    closed_seconds: Seconds = Field(examples=[0])
    paused_seconds: Seconds = Field(examples=[3600])
    stopped_seconds: Seconds = Field(examples=[0])
    wall_seconds: Seconds = Field(description="All of them together.", examples=[5400])


class SegmentView(View):
    """A part of a clock's time, `[start, end)`. One of the kind `summary` stands for all that was before the latest
    segments."""

    model_config = ConfigDict(json_schema_extra={"examples": examples.SEGMENTS})

    kind: SegmentKind
    start: DateTime = Field(examples=["2026-03-06T15:30:00Z"])
    end: DateTime = Field(examples=["2026-03-06T16:00:00Z"])
    seconds: Seconds = Field(description="On the wall.", examples=[1800])
    counted_seconds: Seconds = Field(description="Of them, what the clock has used.", examples=[1800])
    rule: ClosingRule | None = Field(default=None, description="Only of what is closed.", examples=["hours"])
    name: str | None = Field(default=None, description="Of the holiday.", examples=[None])
    causes: list[ShareView] | None = Field(default=None, description="Only of what is paused or summed up.")
    totals: TotalsView | None = Field(default=None, description="Only of what is summed up.")


class ExplainedMilestoneView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.MILESTONE]})

    name: str = Field(examples=["halfway"])
    threshold_seconds: Seconds | None = Field(
        description="The used time at which it happens; null: it is none of the clock's any more.", examples=[1800]
    )
    planned_at: DateTime | None = Field(
        description="Null: not going to happen as things stand.", examples=["2026-03-06T15:30:00Z"]
    )
    fired_at: DateTime | None = Field(examples=["2026-03-06T15:30:00.004Z"])
    delivered_at: DateTime | None = Field(examples=["2026-03-06T15:30:00.061Z"])
    withdrawn_at: DateTime | None = Field(description="When it proved wrong.", examples=[None])
    lateness_seconds: Seconds | None = Field(description="From planned to fired.", examples=[0.004])
    generation: int | None = Field(default=None, description="How often it has fired.", examples=[1])
    skipped: bool | None = Field(
        default=None, description="Nobody was told: what it does was switched off, or it is `quiet`.", examples=[True]
    )
    quiet: bool | None = Field(default=None, description="Planned before a quiet event was received.", examples=[True])
    label: str | None = Field(
        default=None, description="Of an escalation: its name, else what it does and when.", examples=[None]
    )
    held_since: DateTime | None = Field(
        default=None, description="Of an escalation that was held until its hours opened.", examples=[None]
    )
    outcomes: list[OutcomeView] | None = Field(
        default=None, description="Of an escalation that has fired: what became of each action.", examples=[None]
    )


class OtherMilestoneView(ExplainedMilestoneView):
    """A milestone that fired on a clock which the plan no longer has."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.OTHER_MILESTONE]})

    target: str = Field(examples=["first_response"])
    cycle: int = Field(examples=[1])


class LongPauseView(View):
    """When a pause stopped counting, or will, because the policy lets no longer one count."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.LONG_PAUSE]})

    cause: str | None = Field(
        default=None, description="Left out where a late event has shown that it was shorter.", examples=["customer"]
    )
    event_id: str | None = Field(default=None, description="The event that began it.", examples=["zd-118-3"])
    name: str = Field(examples=["pause_too_long:zd-118-3"])
    planned_at: DateTime = Field(examples=["2026-03-06T16:45:00Z"])
    fired_at: DateTime | None = Field(examples=["2026-03-06T16:45:00.004Z"])
    delivered_at: DateTime | None = Field(examples=["2026-03-06T16:45:00.061Z"])
    withdrawn_at: DateTime | None = Field(description="When it proved wrong.", examples=[None])
    lateness_seconds: Seconds | None = Field(description="From planned to fired.", examples=[0.004])
    generation: int | None = Field(default=None, description="How often it has fired.", examples=[1])
    skipped: bool | None = Field(default=None, description="Nobody was told.", examples=[True])
    quiet: bool | None = Field(default=None, description="Planned before a quiet event was received.", examples=[True])


class PromiseView(View):
    """The promise as the policy spells it; `seconds` is its length."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PROMISE]})

    hours: int | float | None = Field(examples=[1])
    minutes: int | float | None = Field(examples=[60])
    days: int | None = Field(default=None, description="Working days.", examples=[2])
    end_of_day: bool | None = Field(default=None, examples=[True])
    by: dict[str, str] | None = Field(default=None, examples=[{"weekday": "fri", "time": "16:00"}])
    seconds: Seconds | None = Field(description="Null where a field holds no due instant.", examples=[3600])


class TargetPolicyView(NamedPolicyView):
    priority: str | None = Field(examples=["urgent"])


class TeamHoursView(View):
    """Whose hours count from an instant on, where they follow the team that has the ticket."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TEAM_HOURS]})

    from_: DateTime = Field(alias="from", examples=["2026-03-06T14:30:00Z"])
    team_id: str | None = Field(description="Null: nobody's, the organization's default.", examples=["team_t2"])
    calendar: CalendarVersionView


class MoverView(View):
    """The event that started, stopped or cancelled a clock."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.MOVER]})

    event_id: str = Field(examples=["zd-118-1"])
    kind: str = Field(examples=["agent_replied"])
    did: Literal["started", "stopped", "cancelled", "superseded"] = Field(examples=["stopped"])
    actor: str | None = Field(default=None, examples=["ada@example.com"])
    role: Role | None = Field(default=None, description="The author's, told or by the kind.", examples=["agent"])
    condition: str | None = Field(
        default=None, description="Where the ticket's fields did it.", examples=["status eq with vendor"]
    )


class ExplainedTargetView(TotalsView):
    """One cycle of a clock."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TARGET]})

    type: str = Field(examples=["resolution"])
    name: str | None = Field(
        default=None, description="What tells it apart from others of its type.", examples=["workaround"]
    )
    cycle: int = Field(examples=[1])
    stint: str | None = Field(
        default=None, description="Event that gave the ticket to the team.", examples=["zd-118-2"]
    )
    team_id: str | None = Field(default=None, examples=["team_t2"])
    superseded: bool | None = Field(default=None, description="It began again in its stead.", examples=[True])
    policy: TargetPolicyView | None = Field(default=None, description="Only where a change of the ticket set it.")
    state: ClockState
    met: bool | None = Field(description="Null while undecided.", examples=[None])
    started_at: DateTime | None = Field(examples=["2026-03-06T14:30:00Z"])
    stopped_at: DateTime | None = Field(examples=[None])
    due_at: DateTime | None = Field(examples=["2026-03-09T08:30:00Z"])
    resumes_at: DateTime | None = Field(
        default=None, description="Only while paused, where the pause ends by itself.", examples=[None]
    )
    breached_at: DateTime | None = Field(examples=[None])
    started_by: MoverView | None = Field(default=None, description="Left out: it has not started.")
    ended_by: MoverView | None = Field(default=None, description="Left out: it is going or waits.")
    excused: bool | None = Field(default=None, description="Only where it is: it counts in no rate.", examples=[True])
    excuse: ExcuseView | None = None
    deadlines: list[DeadlineStateView] | None = Field(
        default=None, description="Where a field holds its due instant: each that it held; the newest 100."
    )
    promise: PromiseView
    calendar: CalendarVersionView
    hours: list[TeamHoursView] | None = Field(
        default=None, description="Only where the hours follow the team that has the ticket."
    )
    elapsed_seconds: Seconds = Field(description="What it has used: the counted seconds.", examples=[1800])
    remaining_seconds: Seconds | None = Field(description="Null without a due instant to come to.", examples=[1800])
    causes: list[ShareView] = Field(description="Of all its pauses.")
    segments: list[SegmentView] = Field(description="From its start to its stop, else to now; no gap, no overlap.")
    milestones: list[ExplainedMilestoneView] = Field(description="Those of the plan, then firings that were withdrawn.")


class ExplainedEventView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.EVENT]})

    event_id: str = Field(examples=["zd-118-3"])
    kind: str = Field(examples=["paused"])
    occurred_at: DateTime = Field(examples=["2026-03-06T14:45:00Z"])
    received_at: DateTime = Field(examples=["2026-03-06T14:45:01Z"])
    effective_at: DateTime = Field(description="Not before the opening.", examples=["2026-03-06T14:45:00Z"])
    delay_seconds: Seconds = Field(description="From when it happened to when it arrived.", examples=[1])
    is_late: bool = Field(description="It arrived behind an event or a milestone that it precedes.")
    source: str | None = Field(default=None, examples=["api"])
    actor: str | None = Field(default=None, examples=["ada@example.com"])
    role: Role | None = Field(default=None, description="The author's, told or by the kind.", examples=["agent"])
    reason: str | None = Field(default=None, examples=["awaiting logs"])
    cause: str | None = Field(default=None, examples=["customer"])
    team_id: str | None = Field(default=None, description="Of an assignment.", examples=["team_t2"])
    sequence: int | None = Field(default=None, description="Its place in the source's own order.", examples=[118007])
    precision: str | None = Field(default=None, description="What its time is cut to.", examples=["second"])
    quiet: bool | None = Field(
        default=None, description="Nobody was told of what was planned before it was received.", examples=[True]
    )
    until: Until = Field(default=None, description=f"Of a pause. {UNTIL}", examples=[None])
    ends_when: EndsWhen = Field(default=None, description=f"Of a pause. {ENDS_WHEN}", examples=[None])
    ended_at: DateTime | None = Field(
        default=None, description="Of a pause that ends by itself, also where that lies ahead.", examples=[None]
    )
    ended_by: EndedBy | None = Field(default=None, description="What ends it then.", examples=[None])
    ended_by_event_id: str | None = Field(default=None, description="The event that ends it.", examples=[None])
    ended_by_condition: str | None = Field(
        default=None, description="The condition that comes to hold with that event.", examples=[None]
    )
    target: str | None = Field(default=None, description="Of an excuse, its undoing or a reset.", examples=[None])
    cycle: int | None = Field(default=None, description="Of these, where one cycle is named.", examples=[None])
    covers: str | None = Field(default=None, description="Of an excuse.", examples=[None])
    in_force: bool | None = Field(
        default=None, description="Of an excuse: whether it covers anything as things stand.", examples=[None]
    )


class ExplanationView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.EXPLANATION]})

    id: str = Field(examples=["inst_sla_conversation_conv_456"])
    conversation_id: str | None = Field(default=None, examples=["conv_456"])
    ticket_id: str | None = Field(default=None, examples=[None])
    incident_id: str | None = Field(default=None, examples=[None])
    kind: Literal["sla", "ola"] = Field(examples=["sla"])
    priority: str | None = Field(description="When it opened.", examples=["urgent"])
    status: InstanceStatus = Field(examples=["paused"])
    excused: bool = Field(description=EXCUSED, examples=[False])
    at: DateTime = Field(description="The instant that it is explained for.", examples=["2026-03-06T16:00:00Z"])
    opened_at: DateTime = Field(examples=["2026-03-06T14:30:00Z"])
    closed_at: DateTime | None = Field(examples=[None])
    is_complete: bool = Field(description="False while a record before the newest one is missing.")
    agrees_with_record: bool | None = Field(
        description="Whether the plan that is walked has the same targets; null with `as_of`."
    )
    policy: ChosenPolicyView
    changes: list[PolicyChangeView] = Field(description="The newest 100.")
    changes_in_all: int = Field(examples=[0])
    calendar: CalendarVersionView
    tzdata_version: str = Field(description="Of the time zone database when it opened.", examples=["2026a"])
    tzdata_version_used: str | None = Field(description="Of the one it is explained with.", examples=["2026a"])
    targets: list[ExplainedTargetView] = Field(description="Of each clock its newest 100 cycles.")
    targets_in_all: int = Field(examples=[1])
    other_milestones: list[OtherMilestoneView] = Field(description="The newest 100.")
    other_milestones_in_all: int = Field(examples=[0])
    long_pauses: list[LongPauseView] | None = Field(
        default=None, description="Pauses that stop counting before they end, where there are any; the newest 100."
    )
    events: list[ExplainedEventView] = Field(description="In the order in which they took effect; the newest 500.")
    events_in_all: int = Field(examples=[2])
