"""Bodies of `/replan:...` and `/replans`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from api.http.schemas import Body, CursorPageOf, DateTime, View

CLOSURE: dict[str, Any] = {
    "business_hours_id": "bh_default",
    "from": "2026-03-08T13:00:00+01:00",
    "to": "2026-03-08T18:00:00+01:00",
    "reason": "storm",
}
ASKED: dict[str, Any] = {"closure": CLOSURE}
_MOVE: dict[str, Any] = {
    "type": "resolution",
    "name": "resolution",
    "cycle": 1,
    "due_from": "2026-03-08T14:00:00Z",
    "due_to": "2026-03-09T10:00:00Z",
    "breach": "saved",
}
_MOVED: dict[str, Any] = {"instance_id": "inst_sla_ticket_4711", "targets": [_MOVE]}
PREVIEW: dict[str, Any] = {
    "checked": 12,
    "moved": 1,
    "would_breach": 0,
    "saved": 1,
    "instances": [_MOVED],
    "refused": [],
}
REPLAN: dict[str, Any] = {
    "id": "replan_storm",
    "asked": ASKED,
    "reason": "storm",
    "actor": "key_3q2-7wAbCdEfGhIj",
    "applied_at": "2026-03-09T08:00:00Z",
    "undone_at": None,
}
PROGRESS: dict[str, Any] = {**REPLAN, "instances": 1, "applied": 1, "pending": 0, "refused": []}


class ClosureBody(Body):
    """Time in which the house was closed after all; it becomes a new version of the business hours."""

    business_hours_id: str = Field(examples=["bh_default"])
    from_: DateTime = Field(alias="from", description="A whole second.", examples=[CLOSURE["from"]])
    to: DateTime = Field(examples=[CLOSURE["to"]])
    reason: str = Field(min_length=1, max_length=200, examples=["storm"])


class ReplanBody(Body):
    """At least one of `policy_id`, `business_hours_id`, `closure` and `time_zone_database` is needed."""

    model_config = ConfigDict(json_schema_extra={"examples": [ASKED]})

    policy_id: str | None = Field(
        default=None, description="Its instances get its present version.", examples=["sla_critical"]
    )
    business_hours_id: str | None = Field(
        default=None, description="What is measured in them gets their present version.", examples=["bh_default"]
    )
    closure: ClosureBody | None = None
    time_zone_database: bool | None = Field(
        default=None, description="Instances are measured by the release that is installed.", examples=[False]
    )
    instance_ids: list[str] | None = Field(
        default=None, max_length=1000, description="These alone; left out: all.", examples=[["inst_sla_ticket_4711"]]
    )


class ApplyBody(ReplanBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{**ASKED, "id": "replan_storm"}]})

    id: str | None = Field(
        default=None,
        pattern="^replan_[A-Za-z0-9_-]{1,100}$",
        description="The same request under the same id goes on with what was left undone. Left out: a new one.",
        examples=["replan_storm"],
    )
    reason: str | None = Field(default=None, max_length=1000, examples=["storm"])
    quiet: bool = Field(
        default=False,
        description="Nobody is told of milestones that were planned before an instance takes it; later ones are told.",
        examples=[False],
    )


class UndoBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"replan_id": "replan_storm"}]})

    replan_id: str = Field(examples=["replan_storm"])


class MoveView(View):
    type: str = Field(examples=["resolution"])
    name: str = Field(description="With the stint, of an instance of kind `ola`.", examples=["resolution"])
    cycle: int = Field(examples=[1])
    due_from: DateTime | None = Field(examples=["2026-03-08T14:00:00Z"])
    due_to: DateTime | None = Field(examples=["2026-03-09T10:00:00Z"])
    breach: Literal["stays", "would_breach", "saved"] | None = Field(
        description="What becomes of a breach by now; null: there is none.", examples=["saved"]
    )


class MovedView(View):
    instance_id: str = Field(examples=["inst_sla_ticket_4711"])
    targets: list[MoveView]


class RefusedView(View):
    instance_id: str = Field(examples=["inst_sla_ticket_4712"])
    reason: str = Field(examples=["no working time until 2101"])


class PreviewView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [PREVIEW]})

    checked: int = Field(description="Instances that the rules concern.", examples=[12])
    moved: int = Field(description="Of those, the ones whose targets would move.", examples=[1])
    would_breach: int = Field(examples=[0])
    saved: int = Field(description="Those that would have a breach less.", examples=[1])
    instances: list[MovedView] = Field(description="The first thousand of those that would move.")
    refused: list[RefusedView] = Field(
        description="Instances that cannot be planned under the rules and would keep theirs; at most a thousand."
    )


class ReplanView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [REPLAN]})

    id: str = Field(examples=["replan_storm"])
    asked: dict[str, Any] = Field(examples=[ASKED])
    reason: str = Field(examples=["storm"])
    actor: str = Field(description="The key that asked for it.", examples=["key_3q2-7wAbCdEfGhIj"])
    applied_at: DateTime = Field(examples=["2026-03-09T08:00:00Z"])
    undone_at: DateTime | None = Field(examples=[None])


class ProgressView(ReplanView):
    model_config = ConfigDict(json_schema_extra={"examples": [PROGRESS]})

    instances: int = Field(description="How many it moves or was to move: applied, pending, refused.", examples=[1])
    applied: int = Field(description="How many show it already.", examples=[1])
    pending: int = Field(description="How many were told, durably, and no worker has answered yet.", examples=[0])
    refused: list[RefusedView] = Field(description="Instances that do not take the rules and keep those they have.")


class ReplanDetailView(ReplanView):
    model_config = ConfigDict(json_schema_extra={"examples": [{**REPLAN, "instances": [_MOVED], "refused": []}]})

    instances: list[MovedView]
    refused: list[RefusedView] = Field(description="Instances that did not take the rules.")


class ReplanPage(CursorPageOf):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"data": [REPLAN], "total": 1, "limit": 25, "offset": 0, "next_cursor": None}]}
    )

    data: list[ReplanView]
