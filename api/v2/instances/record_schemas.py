"""Bodies of `/instances/{id}/events`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from api.http.schemas import CursorPageOf, DateTime, View
from api.v2.instances.examples import INSTANCE
from domain.digests import digest
from domain.record.chain import FORMAT

_ID = INSTANCE["id"]
_HASH = digest("a step")
_EVENT = {
    "kind": "opened",
    "event_id": "zd-118-1",
    "occurred_at": "2026-03-08T13:00:00Z",
    "received_at": "2026-03-08T13:00:01Z",
    "source": "api",
}
_LINK: dict[str, Any] = {
    "organization": "default",
    "instance_id": _ID,
    "sequence": 1,
    "status": "active",
    "closed_at": None,
    "events": [_EVENT],
    "firings": [],
    "notices": [],
    "plan": digest("a plan"),
    "versions": None,
}
STEP: dict[str, Any] = {
    "sequence": 1,
    "recorded_at": "2026-03-08T13:00:01Z",
    "previous_hash": "",
    "hash": _HASH,
    "link": _LINK,
}
PAGE: dict[str, Any] = {
    "data": [STEP],
    "total": 1,
    "limit": 25,
    "offset": 0,
    "next_cursor": None,
    "head": _HASH,
    "is_complete": True,
}
EXPORT: dict[str, Any] = {
    "format": FORMAT,
    "organization": "default",
    "instance_id": _ID,
    "head": _HASH,
    "steps": [{name: value for name, value in STEP.items() if name != "sequence"}],
}


class LinkView(View):
    """What a step says, as it was hashed."""

    organization: str = Field(examples=["default"])
    instance_id: str = Field(examples=[_ID])
    sequence: int = Field(examples=[1])
    status: str = Field(examples=["active"])
    closed_at: DateTime | None = Field(examples=[None])
    events: list[dict[str, Any]] = Field(description="Those that came with this step.", examples=[[_EVENT]])
    firings: list[dict[str, Any]] = Field(
        description="Milestones that fired, were delivered or withdrawn.", examples=[[]]
    )
    notices: list[str] = Field(description="The ids of the notices that were sent.", examples=[[]])
    plan: str = Field(description="SHA-256 of the plan from then on.", examples=[digest("a plan")])
    versions: dict[str, Any] | None = Field(description="Of policy, calendar and time zone database.", examples=[None])
    snapshot: dict[str, Any] | None = Field(
        default=None, description="The rules, in the first step and where a replan changed them.", examples=[None]
    )


class StepView(View):
    sequence: int = Field(examples=[1])
    recorded_at: DateTime = Field(examples=["2026-03-08T13:00:01Z"])
    previous_hash: str | None = Field(description="Empty for the first step of the chain.", examples=[""])
    hash: str | None = Field(
        description="SHA-256 over the hash before and the link; null behind a step that is not recorded yet.",
        examples=[_HASH],
    )
    link: LinkView


class StepPage(CursorPageOf):
    model_config = ConfigDict(json_schema_extra={"examples": [PAGE]})

    data: list[StepView]
    head: str | None = Field(
        description="The hash of the last step. Keep it, and no step before can be changed unseen."
    )
    is_complete: bool = Field(description="Whether no step is missing.", examples=[True])


class ExportedStep(View):
    recorded_at: DateTime = Field(examples=["2026-03-08T13:00:01Z"])
    previous_hash: str = Field(examples=[""])
    hash: str = Field(examples=[_HASH])
    link: LinkView


class Export(View):
    model_config = ConfigDict(json_schema_extra={"examples": [EXPORT]})

    format: Literal["slakeeper-record/1"] = Field(examples=[FORMAT])
    organization: str = Field(examples=["default"])
    instance_id: str = Field(examples=[_ID])
    head: str = Field(examples=[_HASH])
    steps: list[ExportedStep]
