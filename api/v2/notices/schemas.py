"""A notice as receivers get it. docs/notices.md says what each field means."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.http.schemas import DateTime, View
from api.v2.instances.schemas import OutcomeView
from domain.ids import Kind
from domain.plan.milestones import AT_RISK, BREACHED, HALFWAY, PAUSE_TOO_LONG
from domain.record.notices import ESCALATED, TYPE_PREFIX, WITHDRAWN

TYPES = (HALFWAY, AT_RISK, BREACHED, ESCALATED, PAUSE_TOO_LONG, WITHDRAWN)


class NoticePolicy(View):
    """The policy that the clock was last measured by."""

    id: str = Field(examples=["sla_abc123"])
    name: str = Field(examples=["Critical Support"])
    version: int = Field(examples=[3])


class NoticeTicket(View):
    """One of the three ids is there."""

    conversation_id: str = Field(default="", examples=["conv_456"])
    ticket_id: str = Field(default="", examples=["4711"])
    incident_id: str = Field(default="", examples=["INC0042"])
    kind: Kind
    priority: str | None = Field(examples=["urgent"])
    title: str | None = Field(description="As it was when the ticket opened.", examples=["No dial tone"])
    url: str | None = Field(description="As above.", examples=["https://desk.example.com/tickets/4711"])


class NoticePause(View):
    """A pause that is longer than the policy lets one count."""

    cause: str = Field(examples=["customer"])
    event_id: str = Field(description="The event that began it.", examples=["hd-3"])


class NoticeCause(View):
    """The event that led to a withdrawal."""

    event_id: str = Field(examples=["zd-7-2"])
    type: str = Field(examples=["paused"])
    occurred_at: DateTime = Field(examples=["2026-03-09T12:40:00Z"])
    received_at: DateTime = Field(examples=["2026-03-09T13:05:00Z"])


class NoticeTeam(View):
    """Name and lead as they were when the ticket opened."""

    id: str = Field(examples=["team_support"])
    name: str | None = Field(examples=["Support"])
    lead: str | None = Field(examples=["ada@example.com"])


class NoticeData(View):
    target: str | None = Field(description="The type of the promise; null: of the ticket.", examples=["resolution"])
    name: str = Field(default="", description="Of the target, where it has one.", examples=["workaround"])
    cycle: int = Field(description="How often the clock has begun.", examples=[1])
    milestone: str = Field(
        description="`halfway`, `at_risk`, `breached`, `escalation:` and the id of the step, or `pause_too_long:` and "
        "that of the event.",
        examples=["breached"],
    )
    generation: int = Field(description="How often it has happened after all.", examples=[1])
    policy: NoticePolicy
    ticket: NoticeTicket
    team: NoticeTeam | None = Field(default=None, description="Where the clock counts for a team.")
    stint: str = Field(default="", description="The event that an OLA's stint began with.", examples=["hd-2"])
    planned_at: DateTime = Field(description="When it truly was.", examples=["2026-03-09T13:00:00Z"])
    fired_at: DateTime = Field(description="When the engine got to it.", examples=["2026-03-09T13:00:00.042Z"])
    due_at: DateTime | None = Field(description="Null while paused.", examples=["2026-03-09T13:00:00Z"])
    stopped_at: DateTime | None = Field(description="When the clock stopped.", examples=[None])
    met: bool | None = Field(description="Whether that was in time; null while it is not decided.", examples=[False])
    budget_seconds: float | None = Field(description="Working time promised.", examples=[14400])
    used_seconds: float | None = Field(description="Working time used at this milestone.", examples=[14400])
    timezone: str = Field(description="The zone of the times in `message`.", examples=["Europe/Berlin"])
    pause: NoticePause | None = Field(default=None, description="In `sla.pause_too_long`.")
    escalation: dict[str, Any] | None = Field(description="The step with its `actions`.", examples=[None])
    outcomes: list[OutcomeView] = Field(
        default=[], description="Of an escalation: what became of each action.", examples=[[]]
    )
    repeat: int = Field(default=0, description="How often the step has spoken before.", examples=[1])
    held_since: DateTime = Field(
        default="", description="When a step was reached that was held until its hours opened.", examples=[None]
    )
    withdraws: str | None = Field(description="The `id` of the notice that was wrong.", examples=[None])
    because: NoticeCause | None = Field(description="What led to a withdrawal.", examples=[None])
    message: str = Field(description="A sentence for people.", examples=["Resolution of ticket 4711 is breached."])


class Notice(View):
    """A CloudEvent 1.0 in structured mode. `time` is `data.planned_at`."""

    specversion: Literal["1.0"]
    id: str = Field(
        description="The same in every repetition.", examples=["default/inst_sla_ticket_7/resolution/1/x/1"]
    )
    source: str = Field(description="`/sla/` and the organization.", examples=["/sla/default"])
    type: str = Field(json_schema_extra={"enum": [f"{TYPE_PREFIX}{name}" for name in TYPES]})
    subject: str = Field(description="The instance.", examples=["inst_sla_ticket_4711"])
    time: DateTime = Field(examples=["2026-03-09T13:00:00Z"])
    datacontenttype: Literal["application/json"]
    data: NoticeData
