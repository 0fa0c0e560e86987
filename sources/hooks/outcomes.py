"""What a delivery comes to: events in the engine's own words, and what is remembered of their ticket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import Instant, render
from domain.ticket.authors import Role
from domain.ticket.events import AUTHORS, Event, EventKind
from domain.ticket.pauses import PauseEnd
from domain.ticket.precision import Precision
from domain.ticket.tickets import Ticket
from sources.hooks.memory import Remembered


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """One event; its id is the same whenever the same fact is delivered again.

    `team_id` is of an assignment (None: nobody), `cause` and `until` are of a pause, `attributes` of an update. `own`:
    it tells what the engine itself has written to the ticket system.
    """

    kind: EventKind
    event_id: str
    occurred_at: Instant
    precision: Precision | None = None
    sequence: int | None = None
    actor: str = ""
    role: Role | None = None
    reason: str = ""
    cause: str = ""
    until: Instant | None = None
    team_id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    own: bool = False

    @property
    def author(self) -> Role | None:
        """The role, unless the event's kind has another author: an acknowledgement that a mapping reads off a status is
        one, whoever has set the status. What the engine has written itself is the system's, whatever its kind."""
        if self.own:
            return Role.SYSTEM
        if self.kind is EventKind.AGENT_REPLIED and self.role is Role.BOT:
            return Role.BOT
        return self.role if self.role is AUTHORS.get(self.kind, self.role) else None

    def event(self, received_at: Instant, source: str) -> Event:
        """As the engine takes it. `source` is the name of the system that told it."""
        return Event(
            kind=self.kind,
            event_id=self.event_id,
            occurred_at=self.occurred_at,
            received_at=received_at,
            source=source,
            actor=self.actor,
            role=self.author,
            reason=self.reason,
            cause=self.cause,
            attributes=self.attributes,
            team_id=self.team_id,
            sequence=self.sequence,
            precision=self.precision,
            pause_end=None if self.until is None else PauseEnd(at=self.until),
        )

    def to_json(self) -> dict[str, Any]:
        """For people and for `POST /events`: what is not said is left out."""
        document: dict[str, Any] = {
            "type": self.kind.value,
            "event_id": self.event_id,
            "occurred_at": render(self.occurred_at),
        }
        for name in ("actor", "role", "reason", "cause", "precision"):
            if value := getattr(self, name):
                document[name] = str(value)
        if self.sequence is not None:
            document["sequence"] = self.sequence
        if self.until is not None:
            document["until"] = render(self.until)
        if self.kind is EventKind.ASSIGNED:
            document["team_id"] = self.team_id
        if self.attributes:
            document["fields"] = dict(self.attributes)
        return document


@dataclass(frozen=True, slots=True)
class SourceTicket:
    """The ticket as the body has it, and when it was opened: enough to open it if nobody knows it yet."""

    subject_type: SubjectType
    subject: str
    opened_at: Instant
    priority: str | None = None
    team_id: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    def ticket(self, kind: Kind = Kind.SLA) -> Ticket:
        instance = InstanceId(kind, self.subject_type, self.subject)
        return Ticket(instance, self.priority, self.fields, self.team_id)

    def to_json(self) -> dict[str, Any]:
        return {
            f"{self.subject_type}_id": self.subject,
            "occurred_at": render(self.opened_at),
            "priority": self.priority,
            "team_id": self.team_id,
            "fields": dict(self.fields),
        }


class Outcome(StrEnum):
    """`understood`: it has events. `ignored`: it means nothing to the engine. `set_aside`: the mapping does not fit it;
    it can be tried again once the mapping does."""

    UNDERSTOOD = "understood"
    IGNORED = "ignored"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What became of one item of a delivery.

    `event` is the vendor's own name of what happened. `reason` says why it was ignored or set aside; of what was set
    aside `field` is the place in the mapping and `value` what was found there. `remembered` is what is to be kept of
    the ticket from now on, in the transaction that keeps the events; None leaves it as it is. `heard` are the keys of
    what the engine had written and this tells of.
    """

    outcome: Outcome
    index: int = 0
    event: str = ""
    events: tuple[SourceEvent, ...] = ()
    ticket: SourceTicket | None = None
    remembered: Remembered | None = None
    reason: str = ""
    field: str | None = None
    value: Any = None
    heard: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {"outcome": self.outcome.value, "index": self.index, "event": self.event}
        if self.ticket is not None:
            document["ticket"] = self.ticket.to_json()
        if self.events:
            document["events"] = [event.to_json() for event in self.events]
        for name in ("reason", "field"):
            if value := getattr(self, name):
                document[name] = value
        if self.outcome is Outcome.SET_ASIDE:
            document["value"] = self.value
        return document
