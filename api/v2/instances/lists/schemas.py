"""What a list of instances can be narrowed to and sorted by, and its pages."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from api.http.schemas import DEFAULT_LIMIT, Cursor, CursorPageOf, DateTime, Limit, Offset, Several
from api.v2.instances import examples
from api.v2.instances.examples import TEAM
from api.v2.instances.schemas import AT_RISK, EXCUSED, OVERDUE, InstanceView
from api.v2.organization.dimensions import FieldFilter
from domain.ids import Kind
from domain.plan.status import InstanceStatus
from store.instances.order import SORTABLE

SORT = (
    f"One of {', '.join(f'`{name}`' for name in SORTABLE)}, with `-` before it from the last to the first; what has no "
    "such value comes last. Left out: `next_due_at`, and what is due no more newest first."
)


class InstanceQuery(BaseModel):
    """What a list can be narrowed to. An instance is listed when it meets every condition that is given. Several values
    of one filter are a union."""

    status: Several[InstanceStatus] = Field(default=None, description="As of now.", examples=[["active"]])
    policy_id: Several[str] = Field(default=None, examples=[["sla_5d1f0a9be2c34786"]])
    priority: Several[str] = Field(default=None, description="In whatever case.", examples=[["urgent"]])
    conversation_id: Several[str] = Field(default=None, examples=[["conv_456"]])
    ticket_id: Several[str] = Field(default=None, examples=[["4711"]])
    incident_id: Several[str] = Field(default=None, examples=[["INC0042"]])
    kind: Several[Kind] = Field(default=None, description="`ola` needs the plan Enterprise.", examples=[["sla"]])
    policy_name: Several[str] = Field(default=None, examples=[["Critical Support"]])
    team_id: Several[str] = Field(default=None, description="The team that has it now.", examples=[[TEAM]])
    assignee: Several[str] = Field(default=None, examples=[["ada@example.com"]])
    excused: bool | None = Field(default=None, description=EXCUSED, examples=[True])
    url: Several[str] = Field(
        default=None, description="The ticket's own.", examples=[["https://desk.example.com/4711"]]
    )
    field: FieldFilter = None
    at_risk: bool | None = Field(default=None, description=AT_RISK, examples=[True])
    is_overdue: bool | None = Field(default=None, description=OVERDUE, examples=[True])
    due_after: DateTime | None = Field(
        default=None, description="Next due at this instant or later.", examples=["2026-03-08T09:00:00Z"]
    )
    due_before: DateTime | None = Field(
        default=None, description="Next due before this instant.", examples=["2026-03-09T09:00:00Z"]
    )
    opened_after: DateTime | None = Field(
        default=None, description="Opened at this instant or later.", examples=["2026-03-01T00:00:00Z"]
    )
    opened_before: DateTime | None = Field(
        default=None, description="Opened before this instant.", examples=["2026-03-08T00:00:00Z"]
    )
    fields: Several[str] = Field(
        default=None,
        description="Which fields of the ticket are shown: names, or dotted paths, with commas between them. Left out: "
        "none of them.",
        examples=[["plan,customer.country"]],
    )
    q: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="In the ticket's `subject` or its id, in whatever case.",
        examples=["dial tone"],
    )
    sort: str | None = Field(default=None, description=SORT, examples=["-opened_at"])
    limit: Limit = DEFAULT_LIMIT
    offset: Offset = 0
    cursor: Cursor = None


class InstancePage(CursorPageOf):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.PAGE]})

    data: list[InstanceView]
