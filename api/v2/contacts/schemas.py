"""Bodies of `/contacts`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import ConfigDict, Field, WithJsonSchema

from api.http.schemas import Body, CursorPageOf, DateTime, View
from api.v2.receivers.schemas import SampleType, SampleView
from domain.people.addresses import MOST_ADDRESSES
from domain.people.contacts import LONGEST_NAME, MOST_MEMBERS, ContactKind

ID = "con_3q2-7wAbCdEfGhIj"
ContactId = Annotated[str, Path(examples=[ID])]
KindName = Annotated[str, WithJsonSchema({"type": "string", "enum": [kind.value for kind in ContactKind]})]

GIVEN: dict[str, Any] = {
    "name": "Ada Lovelace",
    "timezone": "Europe/London",
    "addresses": [{"channel": "webhook", "address": "https://hooks.example.com/ada"}],
}
ADDRESS: dict[str, Any] = {"id": f"webhook:{ID}", "channel": "webhook", "secrets": 1, "gone": None}
SHOWN: dict[str, Any] = {
    "id": ID,
    "name": "Ada Lovelace",
    "kind": "person",
    "timezone": "Europe/London",
    "members": [],
    "addresses": [ADDRESS],
    "version": 1,
    "created_at": "2026-03-02T09:00:00Z",
    "updated_at": "2026-03-02T09:00:00Z",
}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwq3Vn5hWJkZE="  # noqa: S105 - an example
TOLD: dict[str, Any] = {**SHOWN, "addresses": [{**ADDRESS, "secret": SECRET}]}

_MEMBERS = f"Ids of persons, in a group; at most {MOST_MEMBERS}. A group tells all of them."
_ADDRESSES = (
    f"At most {MOST_ADDRESSES}, each a `channel` and an `address` in the form that the channel asks for. Addresses are "
    "kept encrypted and never shown. One that stays is named by its `id` alone."
)


class AddressBody(Body):
    id: str = Field(default="", description="Of one that stays as it is.", examples=[f"webhook:{ID}"])
    channel: str = Field(default="", description="`webhook`, `email` or `apprise`.", examples=["webhook"])
    address: str = Field(default="", examples=["https://hooks.example.com/ada"])


class ContactFields(Body):
    kind: KindName = Field(default="person", examples=["person"])
    timezone: str | None = Field(
        default=None,
        description="The zone that they read times in; null: that of the notice.",
        examples=["Europe/London"],
    )
    members: list[str] = Field(default=[], description=_MEMBERS, examples=[[]])
    addresses: list[AddressBody] = Field(default=[], description=_ADDRESSES, examples=[GIVEN["addresses"]])


class ContactBody(ContactFields):
    model_config = ConfigDict(json_schema_extra={"examples": [GIVEN]})

    name: str = Field(description=f"At most {LONGEST_NAME} characters.", examples=["Ada Lovelace"])


class ContactPatch(ContactFields):
    model_config = ConfigDict(json_schema_extra={"examples": [{"timezone": "Europe/Berlin"}]})

    name: str = Field(default="", examples=["Ada Lovelace"])


class AddressView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [ADDRESS]})

    id: str = Field(description="It names the address in deliveries.", examples=[f"webhook:{ID}"])
    channel: str = Field(examples=["webhook"])
    secrets: int = Field(description="How many secrets are valid now.", examples=[1])
    gone: str | None = Field(
        description="What it answered when it said that it takes no notice any more; nobody is told by it until it is "
        "given anew, or takes a `:test`. Null: it is told.",
        examples=[None],
    )


class NewAddressView(AddressView):
    model_config = ConfigDict(json_schema_extra={"examples": [{**ADDRESS, "secret": SECRET}]})

    secret: str | None = Field(
        description="A secret that was just made, shown in this answer only; else null.", examples=[SECRET]
    )


class ContactFieldsView(View):
    id: str = Field(examples=[ID])
    name: str = Field(examples=["Ada Lovelace"])
    kind: KindName = Field(examples=["person"])
    timezone: str | None = Field(examples=["Europe/London"])
    members: list[str] = Field(examples=[[]])
    version: int = Field(description="Every change makes a new one.", examples=[1])
    created_at: DateTime
    updated_at: DateTime


class ContactView(ContactFieldsView):
    model_config = ConfigDict(json_schema_extra={"example": SHOWN})

    addresses: list[AddressView]


class ChangedContactView(ContactFieldsView):
    model_config = ConfigDict(json_schema_extra={"example": TOLD})

    addresses: list[NewAddressView]


class ContactPage(CursorPageOf):
    data: list[ContactView]


class RotateBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"address": f"webhook:{ID}"}]})

    address: str = Field(description="The `id` of the address.", examples=[f"webhook:{ID}"])


class ContactSampleBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"type": "escalated"}]})

    type: SampleType = Field(default="escalated", description="Of which type the sample is.", examples=["escalated"])


class AddressSampleView(SampleView):
    address: str = Field(description="The `id` of the address.", examples=[f"webhook:{ID}"])


class ContactSamplesView(View):
    data: list[AddressSampleView]
