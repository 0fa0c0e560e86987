"""What happened to a ticket: immutable facts with the source's time and ours, ordered by the source's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from domain.errors import InvalidValue
from domain.fields import (
    optional_flag,
    require_choice,
    require_document,
    require_integer,
    require_mapping,
    require_text,
)
from domain.instants import MINUTE, Instant, Micros, parse, render
from domain.ticket.authors import Actor, Role
from domain.ticket.excuses import ExcuseScope
from domain.ticket.pauses import PauseEnd
from domain.ticket.precision import Precision

FUTURE_TOLERANCE = Micros(5 * MINUTE)


class EventKind(StrEnum):
    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    PAUSED = "paused"
    RESUMED = "resumed"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CANCELLED = "cancelled"
    UPDATED = "updated"
    ASSIGNED = "assigned"
    CUSTOMER_REPLIED = "customer_replied"
    AGENT_REPLIED = "agent_replied"
    RESET = "reset"
    EXCUSED = "excused"
    EXCUSE_UNDONE = "excuse_undone"
    REPLANNED = "replanned"


ENDS = (EventKind.RESOLVED, EventKind.CANCELLED)
"""What closes a ticket."""
EXCUSES = (EventKind.EXCUSED, EventKind.EXCUSE_UNDONE)
"""What is said about an outcome: it moves no clock."""
AUTHORS = {
    EventKind.ACKNOWLEDGED: Role.AGENT,
    EventKind.AGENT_REPLIED: Role.AGENT,
    EventKind.CUSTOMER_REPLIED: Role.CUSTOMER,
}
"""Whose doing an event is that does not say so. Of any other kind nobody knows."""


@dataclass(frozen=True, slots=True)
class Event:
    """One fact.

    `actor` names who did it, `role` says what part that author plays (None: what `AUTHORS` says of the kind).
    `cause` names what a pause waits for, or the one pause that a resume ends; a resume without a cause ends all.
    `team_id` is the team that an assignment gives the ticket to (None: nobody). `rules` are those that a replan puts
    in place of the rules before (`Snapshot.rules`); a replan is the engine's own event, no ticket system sends it.
    `sequence` is the source's own order, which decides among events of one instant; `precision` is what `occurred_at`
    is cut to (None: to nothing).
    `target` is the name of the clock that a reset is for (None: all of them).
    `quiet` asks that nobody be told of what was planned before the event was received. `pause_end` is what a pause says
    of its end, `excuse` what an excuse or its undoing is about. Raises InvalidValue for an empty `event_id`, for
    attributes that JSON cannot carry, for `rules` without a replan or a replan without `rules`, for an end of anything
    but a pause or one that does not come after its start, for `excuse` without an excuse or the other way round, and
    for an excuse without a reason or an actor, an undoing without an actor, a reset without a reason, and a `target` of
    anything but a reset.
    """

    kind: EventKind
    event_id: str
    occurred_at: Instant
    received_at: Instant
    source: str = ""
    actor: str = ""
    reason: str = ""
    cause: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    team_id: str | None = None
    rules: Mapping[str, Any] | None = None
    sequence: int | None = None
    precision: Precision | None = None
    quiet: bool = False
    pause_end: PauseEnd | None = None
    excuse: ExcuseScope | None = None
    role: Role | None = None
    target: str | None = None

    def __post_init__(self) -> None:
        if not self.event_id:
            raise InvalidValue("event_id", self.event_id, "must not be empty")
        require_document(self.attributes, "attributes")
        if (self.kind is EventKind.REPLANNED) != (self.rules is not None):
            raise InvalidValue("rules", self.rules, "must be given with a replan, and with nothing else")
        if self.pause_end is not None:
            self._require_pause(self.pause_end)
        if self.excuse is not None or self.kind in EXCUSES:
            self._require_excuse()
        if self.kind is EventKind.RESET:
            require_reset_reason(self.reason)
        elif self.target is not None:
            raise InvalidValue("target", self.target, "is for a reset")

    def _require_excuse(self) -> None:
        if self.excuse is None or self.kind not in EXCUSES:
            named = None if self.excuse is None else self.excuse.target
            raise InvalidValue("target", named, "must be given with an excuse, and with nothing else")
        if (self.kind is EventKind.EXCUSED) != (self.excuse.covers is not None):
            raise InvalidValue("covers", self.excuse.covers, "must be given with an excuse, and not where it is undone")
        if self.kind is EventKind.EXCUSED and not self.reason.strip():
            raise InvalidValue("reason", self.reason, "must be given: an excuse has a reason")
        if not self.actor.strip():
            raise InvalidValue("actor", self.actor, "must be given: who excuses, or takes an excuse back")

    @property
    def author(self) -> Role | None:
        """The part that its author plays, told or by its kind; None where nobody knows."""
        return self.role or AUTHORS.get(self.kind)

    @property
    def is_told_by_usual_author(self) -> bool:
        """Whether its author is the one of its kind: an agent of a reply, the customer of a message, else anybody."""
        return self.role is None or AUTHORS.get(self.kind, self.role) is self.role

    def _require_pause(self, end: PauseEnd) -> None:
        if self.kind is not EventKind.PAUSED:
            name, value = next(iter(end.to_json().items()), ("until", None))
            raise InvalidValue(name, value, "is for a pause")
        end.require_after(self.occurred_at)

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "kind": self.kind.value,
            "event_id": self.event_id,
            "occurred_at": render(self.occurred_at),
            "received_at": render(self.received_at),
        }
        notes = {"source": self.source, "actor": Actor(self.actor, self.role).to_json()}
        notes |= {"reason": self.reason, "cause": self.cause}
        document |= {name: value for name, value in notes.items() if value}
        if self.kind is EventKind.ASSIGNED:
            document["team_id"] = self.team_id
        optional = {
            "attributes": dict(self.attributes) or None,
            "rules": None if self.rules is None else dict(self.rules),
            "sequence": self.sequence,
            "precision": None if self.precision is None else self.precision.value,
            "quiet": self.quiet or None,
            "target": self.target,
        }
        document |= {name: value for name, value in optional.items() if value is not None}
        for said in (self.pause_end, self.excuse):
            document |= {} if said is None else said.to_json()
        return document

    @classmethod
    def from_json(cls, document: Any, field: str = "event") -> Event:
        body = require_mapping(document, field)
        attributes, rules = body.get("attributes"), body.get("rules")
        kind = require_choice(body.get("kind"), EventKind, f"{field}.kind")
        actor = Actor.from_json(body.get("actor"), f"{field}.actor")
        return cls(
            kind=kind,
            event_id=require_text(body.get("event_id"), f"{field}.event_id"),
            occurred_at=parse(body.get("occurred_at"), f"{field}.occurred_at"),
            received_at=parse(body.get("received_at"), f"{field}.received_at"),
            source=_text(body, "source", field),
            actor=actor.name,
            reason=_text(body, "reason", field),
            cause=_text(body, "cause", field),
            attributes={} if attributes is None else require_document(attributes, f"{field}.attributes"),
            team_id=_text(body, "team_id", field) or None,
            rules=None if rules is None else require_document(rules, f"{field}.rules"),
            sequence=optional_sequence(body.get("sequence"), f"{field}.sequence"),
            precision=optional_precision(body.get("precision"), f"{field}.precision"),
            quiet=optional_flag(body.get("quiet"), f"{field}.quiet"),
            pause_end=PauseEnd.from_json(body, field),
            excuse=excuse_of(kind, body, field),
            role=actor.role,
            target=_text(body, "target", field) or None if kind is EventKind.RESET else None,
        )


def require_reset_reason(reason: str | None) -> None:
    """Raises InvalidValue for a reset without a reason: it takes away time that was counted."""
    if not (reason or "").strip():
        raise InvalidValue("reason", reason, "must say why the clock is reset")


def excuse_of(kind: EventKind, body: Mapping[str, Any], field: str = "") -> ExcuseScope | None:
    """What a document of an event or a command says of an excuse; None for any other kind. Raises InvalidValue."""
    undoes = kind is EventKind.EXCUSE_UNDONE
    return ExcuseScope.from_json(body, undoes=undoes, field=field) if kind in EXCUSES else None


def optional_sequence(value: Any, field: str = "sequence") -> int | None:
    return None if value is None else require_integer(value, field)


def optional_precision(value: Any, field: str = "precision") -> Precision | None:
    return None if value is None else require_choice(value, Precision, field)


def _text(body: Mapping[str, Any], name: str, field: str) -> str:
    # Blank counts as left out: an empty remark must not cost the ticket an event.
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidValue(f"{field}.{name}", value, "must be a text")
    return value
