"""Bodies of `/receivers`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import ConfigDict, Field, WithJsonSchema

from api.http.schemas import Body, CursorPageOf, DateTime, View
from domain.record.notices import WITHDRAWN
from domain.record.receivers import KINDS, LONGEST_NAME, MOST_VALUES, TYPES

ReceiverId = Annotated[str, Path(examples=["rcv_3q2-7wAbCdEfGhIj"])]
TypeName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(TYPES)})]
KindName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(KINDS)})]
SampleType = Annotated[str, WithJsonSchema({"type": "string", "enum": [*TYPES, WITHDRAWN]})]

CHOICE: dict[str, Any] = {
    "types": ["breached", "escalated"],
    "kinds": [],
    "policies": [],
    "teams": [],
    "priorities": ["urgent"],
}
GIVEN: dict[str, Any] = {
    "name": "Duty desk",
    "channel": "webhook",
    "address": "https://hooks.example.com/sla",
    **CHOICE,
}
SHOWN: dict[str, Any] = {
    "id": "rcv_3q2-7wAbCdEfGhIj",
    "name": "Duty desk",
    "channel": "webhook",
    **CHOICE,
    "timezone": None,
    "enabled": True,
    "disabled_because": None,
    "secrets": 1,
    "created_at": "2026-03-02T09:00:00Z",
    "updated_at": "2026-03-02T09:00:00Z",
}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwq3Vn5hWJkZE="  # noqa: S105 - an example

_ALL = f"Empty: all. At most {MOST_VALUES}."


class ReceiverFields(Body):
    types: list[TypeName] = Field(
        default=[],
        description=f"Of which types. {_ALL} A withdrawal goes to those who chose what it takes back.",
        examples=[["breached", "escalated"]],
    )
    kinds: list[KindName] = Field(default=[], description=f"Of which kinds of instances. {_ALL}", examples=[["sla"]])
    policies: list[str] = Field(
        default=[], description=f"Of which policies, by id. {_ALL}", examples=[["sla_3q2-7wAbCdEfGhIj"]]
    )
    teams: list[str] = Field(
        default=[],
        description="Of which teams' clocks: the team of an OLA, or Scrubbe's `applicableTeam`. " + _ALL,
        examples=[["team_escalation"]],
    )
    priorities: list[str] = Field(
        default=[], description=f"Of which priorities, in any case. {_ALL}", examples=[["urgent"]]
    )
    timezone: str | None = Field(
        default=None,
        description="The zone that people there read times in; null: that of the notice.",
        examples=["Europe/Berlin"],
    )
    enabled: bool = Field(default=True, description="Whether it is told anything.", examples=[True])


class ReceiverBody(ReceiverFields):
    model_config = ConfigDict(json_schema_extra={"examples": [GIVEN]})

    name: str = Field(description=f"For people, at most {LONGEST_NAME} characters.", examples=["Duty desk"])
    channel: str = Field(description="`webhook`, `email` or `apprise`; it does not change.", examples=["webhook"])
    address: str = Field(
        description="In the form that the channel asks for. It is kept encrypted and never shown.",
        examples=["https://hooks.example.com/sla"],
    )


class ReceiverPatch(ReceiverFields):
    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": False}]})

    name: str = Field(default="", examples=["Duty desk"])
    address: str = Field(default="", examples=["https://hooks.example.com/sla"])


class ReceiverView(View):
    model_config = ConfigDict(json_schema_extra={"example": SHOWN})

    id: str = Field(description="It names the receiver in the instance's record, as `webhook:rcv_3q2-7wAbCdEfGhIj`.")
    name: str
    channel: str
    types: list[TypeName]
    kinds: list[KindName]
    policies: list[str]
    teams: list[str]
    priorities: list[str]
    timezone: str | None
    enabled: bool
    disabled_because: str | None = Field(
        description="Why the engine has switched it off: it answered that it is gone. Null otherwise."
    )
    secrets: int = Field(description="How many secrets are valid now: each webhook bears a signature by each of them.")
    created_at: DateTime
    updated_at: DateTime


class NewReceiverView(ReceiverView):
    model_config = ConfigDict(json_schema_extra={"example": {**SHOWN, "secret": SECRET}})

    secret: str | None = Field(
        description="What webhooks are signed with, shown in this answer only; null for a channel that signs nothing."
    )


class RotatedView(ReceiverView):
    model_config = ConfigDict(json_schema_extra={"example": {**SHOWN, "secrets": 2, "secret": SECRET}})

    secret: str = Field(description="The new secret, shown in this answer only.")


class ReceiverPage(CursorPageOf):
    data: list[ReceiverView]


class SampleBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"type": "breached"}]})

    type: SampleType = Field(default="breached", description="Of which type the sample is.", examples=["breached"])


class SampleView(View):
    outcome: Literal["taken", "refused", "failed"] = Field(
        description="`refused`: it will never take such a notice; `failed`: it may, later.", examples=["taken"]
    )
    error: str | None = Field(
        description="What it answered; null where it took the sample.",
        examples=["webhook:rcv_3q2-7wAbCdEfGhIj answered 503"],
    )
    gone: bool = Field(description="It takes nothing any more (410).", examples=[False])
