"""What the answers of `/instances` show, in the seed's shape and its extensions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import ConfigDict, Field

from api.http.schemas import CursorPageOf, DateTime, View
from api.v2.instances import examples
from api.v2.instances.examples import TEAM
from domain.plan.status import InstanceStatus
from domain.record.outcomes import Outcome
from domain.ticket.excuses import Covers
from service.instances.reading.views import Source

AsOf = Annotated[
    DateTime | None,
    Query(
        description="What was known at this instant: the events that had been received, the milestones that had fired.",
        examples=["2026-03-08T14:30:00Z"],
    ),
]
Live = Annotated[
    bool, Query(description="Ask its workflow, which needs a worker, and not with `as_of`.", examples=[False])
]
AT_RISK = "Whether a clock that runs is at risk now, and none runs past its due."
EXCUSED = "Whether something of it is excused, and each breach there is with it. `status` stays `breached`."
OVERDUE = "Whether a clock runs past its due now; `breached` stays, this ends with the clock."


class DeadlineStateView(View):
    """The due instant as a field of the ticket says it."""

    field: str = Field(examples=["due_date"])
    value: str | None = Field(description="Null: it is missing or empty.", examples=["2026-03-09"])
    due_at: DateTime | None = Field(examples=["2026-03-10T00:00:00Z"])
    problem: str | None = Field(description="Why there is none.", examples=[None])
    at: DateTime = Field(description="From when it says so.", examples=["2026-03-08T13:00:00Z"])
    event_id: str | None = Field(description="The event that changed it; null: the opening.", examples=["zd-118-4"])
    moved_from: DateTime | None = Field(
        description="The due instant that the field held before.", examples=["2026-03-09T12:00:00Z"]
    )


class ExcuseView(View):
    event_id: str = Field(examples=["zd-118-9"])
    at: DateTime = Field(description="When it was given.", examples=["2026-03-09T09:00:00Z"])
    covers: Covers = Field(examples=["breach"])
    reason: str = Field(examples=["office closed by a storm"])
    actor: str = Field(examples=["ada@example.com"])


class InstanceExcuseView(ExcuseView):
    """The excuse that was given last, of those in force."""

    target: str = Field(examples=["resolution"])
    cycle: int = Field(examples=[1])


class ReachedView(View):
    id: str | None = Field(description="Null: a mail address that is no contact's.", examples=["con_3q2-7wAbCdEfGhIj"])
    name: str = Field(examples=["Ada Lovelace"])


class OutcomeView(View):
    """What became of one action of an escalation; beside it the field that the action has, such as `team_id`."""

    model_config = ConfigDict(extra="allow")

    action: str = Field(examples=["reassign"])
    outcome: Outcome = Field(examples=["done"])
    reason: str | None = Field(default=None, description="Why it is not simply done.", examples=[None])
    whom: str | None = Field(default=None, description="Of an action that names people.", examples=["lead@example.com"])
    contacts: list[ReachedView] | None = Field(default=None, description="Who was found.", examples=[None])
    channels: list[str] | None = Field(
        default=None, description="By which of their channels they are told, as deliveries name them.", examples=[None]
    )
    event_id: str | None = Field(default=None, description="The engine's own event that carries it out.")


class MilestoneView(View):
    name: str = Field(examples=["halfway"])
    planned_at: DateTime | None = Field(examples=["2026-03-08T13:30:00Z"])
    fired_at: DateTime | None = Field(examples=[None])
    delivered_at: DateTime | None = Field(examples=[None])
    label: str | None = Field(
        default=None, description="Of an escalation: its name, else what it does and when.", examples=[None]
    )
    held_since: DateTime | None = Field(
        default=None, description="Of an escalation that was held until its hours opened.", examples=[None]
    )
    outcomes: list[OutcomeView] | None = Field(
        default=None, description="Of an escalation that has fired: what became of each action.", examples=[None]
    )


class PolicyInForceView(View):
    id: str = Field(examples=["sla_5d1f0a9be2c34786"])
    name: str = Field(examples=["Critical Support"])
    version: int = Field(examples=[1])
    priority: str | None = Field(examples=["urgent"])


class TargetStateView(View):
    due_at: DateTime | None = Field(
        description="Null while paused, unless the pause ends by itself.", examples=["2026-03-08T14:00:00Z"]
    )
    met: bool | None = Field(description="Null while undecided.", examples=[None])
    state: str = Field(examples=["running"])
    elapsed_seconds: int | float = Field(description="Working time.", examples=[900])
    remaining_seconds: int | float | None = Field(
        description="Working time; null where a field should say the due instant and does not.", examples=[2700]
    )
    paused_seconds: int | float = Field(examples=[0])
    started_at: DateTime | None = Field(examples=["2026-03-08T13:00:00Z"])
    stopped_at: DateTime | None = Field(examples=[None])
    breached_at: DateTime | None = Field(examples=[None])
    milestones: list[MilestoneView]
    type: str | None = Field(default=None, description="Of a target that has a name.", examples=["resolution"])
    name: str | None = Field(
        default=None, description="What tells it apart from others of its type.", examples=["workaround"]
    )
    team_id: str | None = Field(default=None, description="The team it counts for.", examples=[TEAM])
    resumes_at: DateTime | None = Field(
        default=None, description="Only while paused, where the pause ends by itself.", examples=[None]
    )
    due_if_resumed_now: DateTime | None = Field(default=None, description="Only while paused.", examples=[None])
    cycle: int | None = Field(
        default=None, description="How often it has begun, from the second time on.", examples=[2]
    )
    policy: PolicyInForceView | None = Field(
        default=None, description="What it is measured by, once a change of the ticket has led to it."
    )
    deadline: DeadlineStateView | None = Field(
        default=None, description="Only where a field of the ticket holds the due instant."
    )
    excused: bool | None = Field(
        default=None, description="Only where it is: it counts in no rate, and is what it is.", examples=[True]
    )
    excuse: ExcuseView | None = None


class EarlierCycleView(TargetStateView):
    """A cycle of a clock that has begun again since."""

    type: str = Field(examples=["next_response"])
    superseded: bool = Field(
        description="Whether the later one takes its place, or its promise was taken back.", examples=[False]
    )


class StintView(View):
    """The time for which one team, or nobody (null), had the ticket, and the clocks of that time."""

    event_id: str = Field(description="The event that gave the ticket to the team.", examples=["zd-118-2"])
    team_id: str | None = Field(examples=[TEAM])
    started_at: DateTime = Field(examples=["2026-03-08T13:10:00Z"])
    ended_at: DateTime | None = Field(examples=[None])
    targets: dict[str, TargetStateView]


class InstanceView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.INSTANCE]})

    id: str | None = Field(description="Null for an untracked ticket.", examples=["inst_sla_conversation_conv_456"])
    policy_id: str | None = Field(examples=["sla_5d1f0a9be2c34786"])
    policy_name: str | None = Field(default=None, examples=["Critical Support"])
    policy_version: int | None = Field(default=None, examples=[1])
    conversation_id: str | None = Field(default=None, examples=["conv_456"])
    ticket_id: str | None = Field(default=None, examples=[None])
    incident_id: str | None = Field(default=None, examples=[None])
    kind: Literal["sla", "ola"] = Field(examples=["sla"])
    priority: str | None = Field(examples=["urgent"])
    status: InstanceStatus = Field(examples=["active"])
    subject: str | None = Field(
        default=None, description="The ticket's field `subject`, else `title`.", examples=["No dial tone"]
    )
    url: str | None = Field(
        default=None, description="The ticket's field `url`.", examples=["https://desk.example.com/4711"]
    )
    team_id: str | None = Field(default=None, description="The team that has it; null: nobody.", examples=[TEAM])
    assignee: str | None = Field(
        default=None, description="The ticket's field `assignee`, else `assignee_id`.", examples=["ada@example.com"]
    )
    opened_at: DateTime | None = Field(default=None, examples=["2026-03-08T13:00:00Z"])
    closed_at: DateTime | None = Field(
        default=None, description="Null while a clock runs or is paused.", examples=[None]
    )
    next_due_at: DateTime | None = Field(
        default=None,
        description="The earliest due of the clocks that are not over.",
        examples=["2026-03-08T14:00:00Z"],
    )
    at_risk: bool | None = Field(default=None, description=AT_RISK, examples=[False])
    is_overdue: bool | None = Field(default=None, description=OVERDUE, examples=[False])
    excused: bool | None = Field(default=None, description=EXCUSED, examples=[False])
    excuse: InstanceExcuseView | None = Field(default=None, description="Only where something is excused.")
    fields: dict[str, Any] | None = Field(
        default=None,
        description="The ticket's fields as they are now; in a list those that were asked for.",
        examples=[{"plan": "gold"}],
    )
    targets: dict[str, TargetStateView] = Field(description="By type; of an `ola` instance the latest stint's.")
    earlier_cycles: list[EarlierCycleView] | None = Field(
        default=None,
        description="Of clocks that have begun more than once; `targets` has the latest. At most the latest 20, in the "
        "order they began; `/cycles` has all of them.",
    )
    earlier_cycles_total: int | None = Field(default=None, description="How many there are in all.", examples=[None])
    stints: list[StintView] | None = Field(
        default=None, description="Only of an `ola` instance. At most the latest 20; `/stints` has all of them."
    )
    stints_total: int | None = Field(default=None, description="How many there are in all.", examples=[None])
    source: Source | None = Field(
        default=None,
        description="The `store`, as of `recorded_at`; the `workflow`, asked with `live`, or as it was started while "
        "nothing is recorded; `planned` holds an event that is durable and not recorded yet.",
        examples=["store"],
    )
    recorded_at: DateTime | None = Field(
        default=None,
        description="When the newest record behind this was written; left out where `workflow` told.",
        examples=["2026-03-08T13:15:00.041Z"],
    )
    as_of: DateTime | None = Field(default=None, description="The instant that was asked about.", examples=[None])
    event_id: str | None = Field(
        default=None, description="After a command: the event that has been applied.", examples=["zd-118-7"]
    )


class Accepted(View):
    """The event is durable, but not recorded yet. Repeat the request, or get the instance later."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ACCEPTED]})

    id: str = Field(examples=["inst_sla_conversation_conv_456"])
    event_id: str = Field(examples=["zd-118-7"])
    status: Literal["accepted"] = Field(examples=["accepted"])
    instance: InstanceView | None = Field(
        default=None, description="What is recorded and this event make of it; left out while the store cannot say."
    )


class CyclePage(CursorPageOf):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.CYCLES]})

    data: list[EarlierCycleView]


class StintPage(CursorPageOf):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.STINTS]})

    data: list[StintView]
