"""Bodies of `/templates`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import ConfigDict, Field, WithJsonSchema

from api.http.schemas import Body, DateTime, View
from domain.record.notices import WITHDRAWN
from domain.record.receivers import TYPES

ChannelName = Annotated[str, Path(description="A kind of channel.", examples=["email"])]
SampleType = Annotated[str, WithJsonSchema({"type": "string", "enum": [*TYPES, WITHDRAWN]})]

SUBJECT = "{{ ticket.id }} {{ state }}"
PARTS: dict[str, Any] = {"subject": SUBJECT}
SHOWN: dict[str, Any] = {
    "channel": "email",
    "templates": PARTS,
    "builtin": {"subject": "{{ headline }}", "text": "{{ sentence }}.\n", "html": "<p>{{ sentence }}.</p>\n"},
    "updated_at": "2026-03-02T09:00:00Z",
}


class PartsBody(Body):
    subject: str | None = Field(default=None, examples=[SUBJECT])
    text: str | None = Field(default=None, examples=["{{ sentence }}\n{{ ticket.url }}\n"])
    html: str | None = Field(default=None, examples=["<p>{{ sentence }}</p>\n"])

    def parts(self) -> dict[str, str]:
        return {name: value for name, value in self.given().items() if value is not None}


class TemplatesBody(PartsBody):
    """Parts that are left out, or null, are the built-in ones."""

    model_config = ConfigDict(json_schema_extra={"examples": [PARTS]})


class TemplatesView(View):
    model_config = ConfigDict(json_schema_extra={"example": SHOWN})

    channel: str
    templates: dict[str, str] = Field(description="The organization's own, by part; empty: all is built in.")
    builtin: dict[str, str] = Field(description="The built-in ones, by part: where to start from.")
    updated_at: DateTime | None


class PreviewBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"templates": PARTS, "type": "breached"}]})

    templates: PartsBody | None = Field(
        default=None, description="What to look at, by part; left out: those that are kept.", examples=[PARTS]
    )
    type: SampleType = Field(default="breached", description="Of which type the sample is.", examples=["breached"])
    notice_id: str | None = Field(
        default=None,
        description="A notice in the log of deliveries, to be seen instead of a sample.",
        examples=[None],
    )
    timezone: str | None = Field(
        default=None, description="The reader's zone; left out: that of the notice.", examples=["Europe/Berlin"]
    )


class MessageView(View):
    subject: str = Field(examples=["42 breached"])
    text: str = Field(examples=["All of its 1 h is used; was due 15:45 (now).\n"])
    html: str | None = Field(description="Null where the channel has no such part.", examples=[None])
    problem: str | None = Field(
        description="Why the built-in words stand in for the templates, which this notice does not fit; null where "
        "they do not.",
        examples=[None],
    )
