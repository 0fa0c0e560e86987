"""Bodies of `/sources`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import ConfigDict, Field, JsonValue

from api.http.schemas import Body, CursorPageOf, DateTime, View

SourceId = Annotated[str, Path(examples=["src_3q2-7wAbCdEfGhIj"])]
BodyNumber = Annotated[int, Path(ge=1, le=2_000_000_000, examples=[17])]
StateName = Literal["stored", "applied", "ignored", "set_aside"]

SOURCE: dict[str, Any] = {
    "id": "src_3q2-7wAbCdEfGhIj",
    "name": "GitHub issues",
    "kind": "github",
    "url": "https://sla.example.com/hooks/src_3q2-7wAbCdEfGhIj",
    "secrets": 1,
    "settings": {"pause_labels": ["waiting"]},
    "mapping": None,
    "verify_by": [],
    "adopt": True,
    "prefix": "",
    "enabled": True,
    "connector": {"base_url": "https://api.github.com", "projects": ["acme/desk"]},
    "counts": {"received": 17, "refused": 0, "stored": 1, "applied": 12, "ignored": 3, "set_aside": 1},
    "refused_at": None,
    "refusal": None,
    "created_at": "2026-03-02T09:00:00Z",
    "updated_at": "2026-03-02T09:00:00Z",
}
TELLS: dict[str, Any] = {
    "outcome": "understood",
    "index": 0,
    "event": "issues.opened",
    "ticket": {
        "ticket_id": "acme/desk#7",
        "occurred_at": "2026-03-02T08:15:00Z",
        "priority": "high",
        "team_id": None,
        "fields": {"subject": "Printer on fire"},
    },
    "events": [{"type": "opened", "event_id": "github:acme/desk#7:opened", "occurred_at": "2026-03-02T08:15:00Z"}],
}


class CredentialsBody(Body):
    """A token, or a user with a password, as the kind asks for it. They are kept encrypted and never shown."""

    token: str | None = Field(default=None, examples=["github_pat_11ABCDE"])
    user: str | None = Field(default=None, examples=[None])
    password: str | None = Field(default=None, examples=[None])


class ConnectorBody(Body):
    """The way back to the ticket system. What is left out stays as it was."""

    base_url: str | None = Field(
        default=None,
        description="Where its API is; left out: the vendor's own. Another one needs the credentials anew.",
        examples=["https://api.github.com"],
    )
    credentials: CredentialsBody | None = None
    projects: list[str] | None = Field(
        default=None, description="What a backfill lists, where the system lists by project.", examples=[["acme/desk"]]
    )


class SourceFields(Body):
    connector: ConnectorBody | None = Field(
        default=None, description="With it escalations write to the ticket system; null: none.", examples=[None]
    )
    secret: str | None = Field(
        default=None,
        description="What the ticket system signs with, or sends. It is kept encrypted and never shown.",
        examples=["a-long-secret-that-only-two-know"],
    )
    settings: dict[str, Any] | None = Field(
        default=None,
        description="Settings of this kind that differ from their defaults.",
        examples=[{"pause_labels": ["waiting"]}],
    )
    mapping: dict[str, Any] | None = Field(
        default=None, description="A mapping of one's own; null: the shipped one of this kind."
    )
    verify_by: list[str] | None = Field(
        default=None,
        description="The schemes that are accepted, by their names; none: those that the mapping accepts by default.",
        examples=[["signature"]],
    )
    adopt: bool | None = Field(
        default=None, description="Whether a ticket that was never heard of is opened by whatever is told of it."
    )
    prefix: str | None = Field(
        default=None, description="Stands before the ids of its tickets, where two systems have a ticket 81."
    )
    enabled: bool | None = Field(default=None, description="What is switched off is answered as if it did not exist.")


class SourceBody(SourceFields):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "github", "settings": {"pause_labels": ["waiting"]}}]}
    )

    kind: str | None = Field(
        default=None, description="A shipped mapping; left out: the name of `mapping`.", examples=["github"]
    )
    name: str | None = Field(default=None, description="Left out: the title of the mapping.", examples=["Our issues"])


class SourcePatch(SourceFields):
    model_config = ConfigDict(json_schema_extra={"examples": [{"settings": {"pause_labels": ["waiting", "on hold"]}}]})

    name: str | None = Field(default=None, examples=["Our issues"])
    retire_previous_secret: bool = Field(
        default=False,
        description="True: from now on only the newest secret is valid; a new one counts beside the last.",
    )


class Counts(View):
    received: int = Field(description="Kept since the source was made.")
    refused: int = Field(description="Not kept, because the signature did not fit.")
    stored: int = Field(description="Of those that are kept: still to be interpreted.")
    applied: int
    ignored: int
    set_aside: int


class ConnectorView(View):
    base_url: str
    projects: list[str]


class SourceView(View):
    model_config = ConfigDict(json_schema_extra={"example": SOURCE})

    id: str
    name: str
    kind: str
    url: str = Field(description="Where the ticket system sends its webhooks.")
    secrets: int = Field(description="How many are valid: two while one is changed.")
    settings: dict[str, Any]
    mapping: dict[str, Any] | None
    verify_by: list[str]
    adopt: bool
    prefix: str
    enabled: bool
    connector: ConnectorView | None = Field(description="Null: escalations write nothing there.")
    counts: Counts
    refused_at: DateTime | None = Field(description="When a delivery was last refused.")
    refusal: str | None = Field(description="Why.")
    created_at: DateTime
    updated_at: DateTime


class NewSourceView(SourceView):
    model_config = ConfigDict(json_schema_extra={"example": {**SOURCE, "secret": "VvKx0f3QeW1rXr0bYb2h"}})

    secret: str | None = Field(
        description="The secret that was made up, shown in this answer only; null: yours counts."
    )


class SourcePage(CursorPageOf):
    data: list[SourceView]


BODY: dict[str, Any] = {
    "body": 17,
    "source_id": "src_3q2-7wAbCdEfGhIj",
    "received_at": "2026-03-02T08:15:01Z",
    "state": "applied",
    "reason": None,
    "outcomes": [{**TELLS, "instances": ["inst_sla_ticket_acme~2Fdesk~237"]}],
    "attempts": 0,
    "retry_at": None,
    "settled_at": "2026-03-02T08:15:02Z",
    "headers": {"x-github-event": "issues"},
    "content": '{"action": "opened", "issue": {"number": 7}}',
}


class BodyRow(View):
    model_config = ConfigDict(
        json_schema_extra={"example": {name: value for name, value in BODY.items() if name != "content"}}
    )

    body: int = Field(description="Its number at its source, in the order of arrival.")
    source_id: str
    received_at: DateTime
    state: StateName
    reason: str | None = Field(description="Why it was ignored or set aside, or why it waits.")
    outcomes: list[dict[str, Any]] = Field(description="What each of its items became.")
    attempts: int = Field(description="How often it was tried in vain.")
    retry_at: DateTime | None
    settled_at: DateTime | None
    headers: dict[str, str] = Field(description="Without what is secret of them.")


class BodyView(BodyRow):
    model_config = ConfigDict(json_schema_extra={"example": BODY})

    content: str = Field(description="The bytes as UTF-8; what is none is replaced.")


class BodyPage(CursorPageOf):
    data: list[BodyRow]


class ReplayedView(View):
    model_config = ConfigDict(json_schema_extra={"example": {"replayed": 3}})

    replayed: int = Field(description="How many are interpreted once more.")


class TryBody(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"body": {"action": "opened"}, "headers": {"X-GitHub-Event": "issues"}}],
        }
    )

    body: JsonValue = Field(description="What would be sent: a document, or its text byte for byte.")
    headers: dict[str, str] = Field(default_factory=dict, examples=[{"X-GitHub-Event": "issues"}])
    received_at: str | None = Field(
        default=None, description="When it would arrive; left out: now.", examples=["2026-03-02T08:15:01Z"]
    )


class TriedView(View):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "accepted": False,
                "reason": "the header X-Hub-Signature-256 is missing",
                "outcomes": [TELLS],
            }
        }
    )

    accepted: bool = Field(description="Whether its signature fits.")
    reason: str | None = Field(description="Why it would be refused.")
    outcomes: list[dict[str, Any]]


class ConnectorTestView(View):
    outcome: Literal["taken", "refused", "failed"] = Field(
        description="`refused`: it will not get better by itself. `failed`: it may.", examples=["taken"]
    )
    account: str | None = Field(
        description="Whose credentials they are, as the ticket system says.", examples=["sla-bot"]
    )
    error: str | None = Field(examples=[None])


class BackfillBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"since": "2026-03-02T08:00:00Z"}]})

    since: DateTime = Field(description="Not ahead.", examples=["2026-03-02T08:00:00Z"])


class BackfillView(View):
    kept: int = Field(description="Bodies that are applied now.", examples=[12])
    repeated: int = Field(description="Those that were kept before.", examples=[3])
    refused: int = Field(description="Tickets whose comments the system did not want to list.", examples=[0])
    more: bool = Field(description="True: the list was cut; ask again once these are applied.", examples=[False])
