"""The ticket: what it is called, and the fields that policies look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.errors import InvalidValue
from domain.fields import optional_text, require_choice, require_document, require_mapping, require_text
from domain.ids import InstanceId, Kind, SubjectType
from domain.ticket.origins import Origin

SUBJECT_FIELDS: Mapping[str, SubjectType] = {f"{subject}_id": subject for subject in SubjectType}


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as it was when it opened, or as later events have left it.

    `fields` are the ticket system's own, nested as it likes; conditions look at `attributes`. `team_id` is the team
    that has it (None: nobody). `origin` is the API it came through.
    """

    instance: InstanceId
    priority: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    team_id: str | None = None
    origin: Origin = Origin.V2

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The fields, with `priority`, `team_id` and the subject (`ticket_id`) where they are set; a new document."""
        subject = {f"{self.instance.subject_type}_id": self.instance.subject}
        own = {"priority": self.priority, "team_id": self.team_id}
        return {**self.fields, **subject, **{name: value for name, value in own.items() if value is not None}}

    @property
    def title(self) -> str | None:
        """What it is about, in the words of its own fields."""
        return title_in(self.fields)

    @property
    def url(self) -> str | None:
        """Where people find it in their ticket system."""
        return url_in(self.fields)

    @property
    def assignee(self) -> str | None:
        """The person who has it."""
        return _first_text(self.fields, "assignee", "assignee_id")

    def to_json(self) -> dict[str, Any]:
        return {
            f"{self.instance.subject_type}_id": self.instance.subject,
            "kind": self.instance.kind.value,
            "priority": self.priority,
            "fields": dict(self.fields),
            **({} if self.team_id is None else {"team_id": self.team_id}),
            **({} if self.origin is Origin.V2 else {"origin": self.origin.value}),
        }

    @classmethod
    def from_json(cls, document: Any, field: str = "") -> Ticket:
        """Raises InvalidValue when none or several of conversation_id, ticket_id, incident_id are given."""
        body = require_mapping(document, field or "ticket")
        at = f"{field}." if field else ""
        fields = body.get("fields")
        given = [name for name in SUBJECT_FIELDS if body.get(name) is not None]
        if len(given) != 1:
            wanted = ", ".join(SUBJECT_FIELDS)
            raise InvalidValue(f"{at}ticket_id", given or None, f"exactly one of {wanted} must be given")
        subject = require_text(body[given[0]], f"{at}{given[0]}")
        kind = require_choice(body.get("kind", Kind.SLA), Kind, f"{at}kind")
        return cls(
            instance=InstanceId(kind, SUBJECT_FIELDS[given[0]], subject),
            priority=optional_text(body.get("priority"), f"{at}priority", longest=100) or None,
            fields={} if fields is None else require_document(fields, f"{at}fields"),
            team_id=optional_text(body.get("team_id"), f"{at}team_id", longest=200) or None,
            origin=require_choice(body.get("origin", Origin.V2), Origin, f"{at}origin"),
        )


def title_in(fields: Mapping[str, Any]) -> str | None:
    """What a ticket is about, in the words of its own fields."""
    return _first_text(fields, "subject", "title")


def url_in(fields: Mapping[str, Any]) -> str | None:
    """Where people find a ticket in their ticket system, by its own fields."""
    return _first_text(fields, "url")


def _first_text(fields: Mapping[str, Any], *names: str) -> str | None:
    given = (fields.get(name) for name in names)
    return next((value for value in given if isinstance(value, str) and value), None)
