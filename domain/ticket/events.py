"""What happened to a ticket: immutable facts with the source's time and ours, ordered by the source's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby, takewhile
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
from domain.ids import natural_order
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


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events that count, in the order in which they took effect: the opening, then by event time.

    The order of arrival does not matter: a pause at 10:00 that arrives at 12:00 comes before an answer at 11:00. A
    repeated `event_id` counts once, as it first arrived; so does the opening. An event dated before the opening takes
    effect at the opening and comes after it. A message that a reply of cut time answers comes before that reply, though
    it may be dated later. Whoever appends events keeps `received_at` strictly increasing.
    """
    first_arrivals: dict[str, Event] = {}
    for event in sorted(events, key=_arrival):
        first_arrivals.setdefault(event.event_id, event)
    opening = min((e for e in first_arrivals.values() if e.kind is EventKind.OPENED), key=_arrival, default=None)
    others = (e for e in first_arrivals.values() if e.kind is not EventKind.OPENED)
    ordered = tuple(_with_answers(tuple(_by_event_time(others))))
    return ordered if opening is None else (opening, *ordered)


_AT_ONE_INSTANT = (
    EventKind.REOPENED,
    EventKind.ASSIGNED,
    EventKind.UPDATED,
    EventKind.REPLANNED,
    EventKind.RESET,
    EventKind.ACKNOWLEDGED,
    EventKind.AGENT_REPLIED,
    EventKind.CUSTOMER_REPLIED,
    EventKind.PAUSED,
    EventKind.RESUMED,
    *ENDS,
    *EXCUSES,
)
"""The order of kinds at one instant. `_Standing` moves a closing, and a resume that ends an earlier pause, forward."""


@dataclass(slots=True)
class _Standing:
    """Whether a ticket is open and what it waits for, as far as the order of simultaneous events depends on it."""

    is_open: bool = True
    causes: set[str] = field(default_factory=set)

    def in_order(self, simultaneous: Sequence[Event]) -> list[Event]:
        """The events of one instant, and of one sequence, in the order in which they count.

        An open ticket closes before it reopens; a closed ticket reopens before it closes. A resume comes before the
        pauses of its instant if it ends one that was there before, else after them.
        """
        closes_first = self.is_open and any(event.kind is EventKind.REOPENED for event in simultaneous)

        def rank(event: Event) -> tuple[Any, ...]:
            place, among_its_kind = _AT_ONE_INSTANT.index(event.kind), natural_order(event.event_id)
            if event.kind in ENDS and closes_first:
                return place - len(_AT_ONE_INSTANT), False, among_its_kind
            if event.kind is EventKind.RESUMED and self._ends_a_pause(event):
                return _AT_ONE_INSTANT.index(EventKind.PAUSED), False, among_its_kind
            return place, True, among_its_kind

        return sorted(simultaneous, key=rank)

    def apply(self, event: Event) -> None:
        if event.kind is EventKind.REOPENED:
            self.is_open = True
        elif event.kind is EventKind.PAUSED:
            self.causes.add(event.cause)
        elif event.kind is EventKind.RESUMED and event.cause:
            self.causes.discard(event.cause)
        elif event.kind is EventKind.RESUMED:
            self.causes.clear()
        elif event.kind in ENDS and self.is_open:
            self.is_open = False
            self.causes.clear()

    def _ends_a_pause(self, resume: Event) -> bool:
        return resume.cause in self.causes if resume.cause else bool(self.causes)


def _by_event_time(events: Iterable[Event]) -> Iterator[Event]:
    standing = _Standing()
    for _, simultaneous in groupby(sorted(events, key=_source_order), key=_source_order):
        for event in standing.in_order(tuple(simultaneous)):
            standing.apply(event)
            yield event


def _text(body: Mapping[str, Any], name: str, field: str) -> str:
    # Blank counts as left out: an empty remark must not cost the ticket an event.
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidValue(f"{field}.{name}", value, "must be a text")
    return value


def _arrival(event: Event) -> tuple[int, str, int, str, str, str]:
    return (event.received_at, event.event_id, event.occurred_at, event.kind, event.cause, event.team_id or "")


def _source_order(event: Event) -> tuple[Instant, bool, int]:
    """At one instant those that have a place in their source's order come first, in that order."""
    return event.occurred_at, event.sequence is None, event.sequence or 0


def _with_answers(ordered: Sequence[Event]) -> Iterator[Event]:
    """The events with each message that a reply of cut time answers right before that reply."""
    told: set[str] = set()
    for place, event in enumerate(ordered):
        if event.event_id in told:
            continue
        if event.kind is EventKind.AGENT_REPLIED and event.author is not Role.CUSTOMER:
            for message in _answered_by(event, ordered, place):
                told.add(message.event_id)
                yield message
        yield event


def _answered_by(reply: Event, ordered: Sequence[Event], place: int) -> Iterator[Event]:
    """The messages behind the reply that it may have followed, as far as its time and theirs are known.

    What no agent wrote moves no message in time, for to most policies it is no answer: it may only have followed
    those of its own instant.
    """
    length = 0 if reply.precision is None or not reply.is_told_by_usual_author else reply.precision.length
    later = (ordered[at] for at in range(place + 1, len(ordered)))
    for event in takewhile(lambda one: one.occurred_at <= reply.occurred_at + length, later):
        is_message = event.kind is EventKind.CUSTOMER_REPLIED and event.is_told_by_usual_author
        if is_message and _may_precede(event, reply, length) and not _is_behind(event, reply):
            yield event


def _may_precede(message: Event, reply: Event, length: int) -> bool:
    if message.occurred_at == reply.occurred_at:
        return reply.precision is not None or message.precision is not None
    return message.occurred_at < reply.occurred_at + length


def _is_behind(message: Event, reply: Event) -> bool:
    """Whether the source itself says that the message came later."""
    return message.sequence is not None and reply.sequence is not None and message.sequence > reply.sequence
