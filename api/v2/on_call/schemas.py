"""Bodies of `/on-call`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import ConfigDict, Field

from api.http.schemas import Body, CursorPageOf, DateTime, View
from api.v2.contacts.schemas import ID as CONTACT_ID
from domain.people.contacts import LONGEST_NAME, MOST_MEMBERS
from domain.people.on_call import MOST_OVERRIDES

ID = "onc_3q2-7wAbCdEfGhIj"
OnCallId = Annotated[str, Path(examples=[ID])]
MOST_DAYS = 92
AtOfQuestion = Annotated[
    str | None, Query(alias="at", description="An instant; now unless told.", examples=["2026-12-24T20:00:00Z"])
]
StartOfSchedule = Annotated[
    str | None,
    Query(
        alias="start",
        description="An instant; the beginning of today in the on-call's zone unless told.",
        examples=["2026-12-21T00:00:00Z"],
    ),
]
DaysOfSchedule = Annotated[int, Query(alias="days", ge=1, le=MOST_DAYS, description="How far.", examples=[28])]

FEED = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Rota//EN\r\nEND:VCALENDAR\r\n"
OVERRIDE: dict[str, Any] = {"from": "2026-12-24", "until": "2026-12-27", "contact": CONTACT_ID}
ROTATION: dict[str, Any] = {"members": [CONTACT_ID], "shift": {"days": 7}, "start": "2026-03-02"}
GIVEN: dict[str, Any] = {
    "name": "Network, nights",
    "timezone": "Europe/Berlin",
    "handover": "09:00",
    "feed": {"ical": FEED},
}
SHOWN: dict[str, Any] = {
    "id": ID,
    "name": "Network, nights",
    "timezone": "Europe/Berlin",
    "handover": "09:00",
    "rotation": ROTATION,
    "feed": None,
    "overrides": [OVERRIDE],
    "version": 1,
    "created_at": "2026-03-02T09:00:00Z",
    "updated_at": "2026-03-02T09:00:00Z",
}
PERSON: dict[str, Any] = {"id": CONTACT_ID, "name": "Ada Lovelace"}

_SHIFT = 'By the wall clock: `{"days": 7}` or `{"hours": 12}`, from 1 hour to 366 days.'
_MOMENT = "A date, which means the handover of that date, or a date and time such as `2026-12-24T18:00`."


class RotationBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [ROTATION]})

    members: list[str] = Field(
        description=f"Ids of contacts in their order, at most {MOST_MEMBERS}.", examples=[[CONTACT_ID]]
    )
    shift: dict[str, int] = Field(description=_SHIFT, examples=[{"days": 7}])
    start: str = Field(description="The date at whose handover the first shift begins.", examples=["2026-03-02"])


class FeedBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"ical": FEED}]})

    url: str = Field(
        default="",
        description="Read every five minutes; kept encrypted and never shown.",
        examples=["https://calendar.example.com/rota.ics"],
    )
    ical: str = Field(default="", description="The calendar itself (RFC 5545), in place of a URL.", examples=[FEED])


class OverrideBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [OVERRIDE]})

    from_: str = Field(alias="from", description=_MOMENT, examples=["2026-12-24"])
    until: str = Field(description="As `from`; not included.", examples=["2026-12-27"])
    contact: str = Field(description="The id of the contact.", examples=[CONTACT_ID])

    def given(self) -> dict[str, Any]:
        return {name.rstrip("_"): value for name, value in super().given().items()}


class OnCallFields(Body):
    handover: str = Field(default="00:00", description="The time of day of handovers.", examples=["09:00"])
    rotation: RotationBody | None = Field(default=None, description="Null where a feed says who is on call.")
    feed: FeedBody | None = Field(
        default=None,
        description="A calendar whose events name contacts, in place of a rotation.",
        examples=[{"ical": FEED}],
    )
    overrides: list[OverrideBody] = Field(
        default=[],
        description=f"Who takes over for a while, at most {MOST_OVERRIDES}; of two that overlap the later one counts.",
        examples=[[]],
    )


class OnCallBody(OnCallFields):
    model_config = ConfigDict(json_schema_extra={"examples": [GIVEN]})

    name: str = Field(description=f"At most {LONGEST_NAME} characters.", examples=["Network, nights"])
    timezone: str = Field(
        description="Of handovers, and of what a feed says without a zone.", examples=["Europe/Berlin"]
    )


class OnCallPatch(OnCallFields):
    model_config = ConfigDict(json_schema_extra={"examples": [{"handover": "08:00"}]})

    name: str = Field(default="", examples=["Network, nights"])
    timezone: str = Field(default="", examples=["Europe/Berlin"])


class RotationView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [ROTATION]})

    members: list[str] = Field(examples=[[CONTACT_ID]])
    shift: dict[str, int] = Field(examples=[{"days": 7}])
    start: str = Field(examples=["2026-03-02"])


class FeedView(View):
    origin: Literal["url", "ical"] = Field(description="`ical`: it was pasted.", examples=["url"])
    read_at: DateTime | None = Field(
        description="When it was read last; what it said then counts.", examples=["2026-03-02T09:00:00Z"]
    )
    error: str | None = Field(description="Why it could not be read since; null: it could.", examples=[None])


class OverrideView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [OVERRIDE]})

    from_: str = Field(alias="from", examples=["2026-12-24"])
    until: str = Field(examples=["2026-12-27"])
    contact: str = Field(examples=[CONTACT_ID])


class OnCallView(View):
    model_config = ConfigDict(json_schema_extra={"example": SHOWN})

    id: str = Field(examples=[ID])
    name: str = Field(examples=["Network, nights"])
    timezone: str = Field(examples=["Europe/Berlin"])
    handover: str = Field(examples=["09:00"])
    rotation: RotationView | None
    feed: FeedView | None
    overrides: list[OverrideView]
    version: int = Field(description="Every change makes a new one.", examples=[1])
    created_at: DateTime
    updated_at: DateTime


class OnCallPage(CursorPageOf):
    data: list[OnCallView]


class PersonView(View):
    id: str = Field(examples=[CONTACT_ID])
    name: str = Field(examples=["Ada Lovelace"])


class DutyView(View):
    contacts: list[PersonView] = Field(description="Empty: nobody.", examples=[[PERSON]])
    because: Literal["rotation", "override", "feed"] = Field(examples=["rotation"])
    summary: str | None = Field(description="What the feed's event says.", examples=[None])


class OnCallAtView(DutyView):
    at: DateTime = Field(examples=["2026-12-24T20:00:00Z"])


class ShiftView(DutyView):
    start: DateTime = Field(examples=["2026-12-21T08:00:00Z"])
    end: DateTime = Field(description="Not included.", examples=["2026-12-24T08:00:00Z"])


class ScheduleView(View):
    data: list[ShiftView] = Field(description="In order, without gaps; a stretch in which nobody is on call, too.")
    complete: bool = Field(description="False where there are more than 500: ask again from the last `end` on.")
