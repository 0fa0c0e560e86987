"""Reading a signal: a fact about the ticket, or a refusal that is kept and shown; never an exception."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import InvalidValue
from domain.fields import optional_flag, require_document, require_mapping, require_text
from domain.instants import Instant, parse, render
from domain.ticket.authors import Actor
from domain.ticket.events import (
    EXCUSES,
    FUTURE_TOLERANCE,
    Event,
    EventKind,
    excuse_of,
    optional_precision,
    optional_sequence,
)
from domain.ticket.excuses import LONGEST_NOTE
from domain.ticket.pauses import PauseEnd
from workflows.messages import ALL_SIGNALS, EVENTS, SIGNALS

LONGEST_SHOWN = 200
LARGEST_ATTRIBUTES = 16 * 1024
_NAMES = {**{kind.value: name for name, kind in SIGNALS.items()}, **{name: name for name in ALL_SIGNALS}}
"""The signal of each name that an event among several may have: as a fact, or as a request."""


@dataclass(frozen=True, slots=True)
class SignalledEvent:
    """A readable signal.

    `unstamped` is its ordinal among the run's signals if its sender gave no time. Its time is then when Temporal took
    it, which the history says; when it was read says nothing about that.
    """

    event: Event
    unstamped: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A signal that is set aside: which one, why, and the field and value at fault."""

    signal: str
    problem: str
    field: str
    value: str
    at: Instant

    def to_json(self) -> dict[str, Any]:
        return {
            "signal": self.signal,
            "problem": self.problem,
            "field": self.field,
            "value": self.value,
            "at": render(self.at),
        }


def spread(name: str, payload: Any, mint: Callable[[], str]) -> Sequence[tuple[str, Any]]:
    """The signals, by name and payload, that a signal `events` stands for; any other signal stands for itself.

    Each has an event id: its own, or that of the whole signal, which `mint` makes, with its place behind it. What
    cannot be read stays as it is, for `read_signal` to refuse.
    """
    events = payload.get("events") if name == EVENTS and isinstance(payload, Mapping) else None
    if not isinstance(events, list | tuple):
        return [(name, payload)]
    common = {} if payload.get("quiet") is None else {"quiet": payload["quiet"]}
    return [_one_of(event, common, place, mint) for place, event in enumerate(events)]


def _one_of(event: Any, common: Mapping[str, Any], place: int, mint: Callable[[], str]) -> tuple[str, Any]:
    if not isinstance(event, Mapping):
        return EVENTS, event
    given = {field: value for field, value in event.items() if field != "type"}
    if given.get("event_id") is None:
        given["event_id"] = f"{mint()}/{place}"
    named = event.get("type")
    return _NAMES.get(named, named) if isinstance(named, str) else EVENTS, {**common, **given}


def read_signal(
    name: str, payload: Any, now: Instant, ordinal: int, mint: Callable[[], str]
) -> SignalledEvent | Refusal:
    """The event of the run's `ordinal`-th signal, read at `now`. `mint` makes the id of an event that came without."""
    try:
        event, stamped = _event(name, payload, now, mint)
        return SignalledEvent(event, None if stamped else ordinal)
    except InvalidValue as error:
        return Refusal(name, error.message[:500], error.field or "", shown(error.value), now)


def shown(value: Any) -> str:
    """Any value as a short text for people."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."


def _event(name: str, payload: Any, now: Instant, mint: Callable[[], str]) -> tuple[Event, bool]:
    if name == EVENTS:
        body = require_mapping(payload, "payload")
        raise InvalidValue("events", body.get("events"), "must be a list of objects, each with its type")
    if name not in ALL_SIGNALS:
        raise InvalidValue("signal", name, f"must be one of {', '.join(SIGNALS)}")
    kind, body = ALL_SIGNALS[name], require_mapping(payload, "payload")
    occurred_at, actor = body.get("occurred_at"), _actor(kind, body)
    event = Event(
        kind=kind,
        event_id=mint() if body.get("event_id") is None else require_text(body["event_id"], "event_id", longest=200),
        occurred_at=now if occurred_at is None else _not_ahead(parse(occurred_at, "occurred_at"), now),
        received_at=now,
        source=_text(body, "source") or "signal",
        actor=actor.name,
        role=actor.role,
        reason=_note(kind, body, "reason"),
        cause=_cause(kind, body),
        attributes=_fields(kind, body),
        team_id=_team(body) if kind is EventKind.ASSIGNED else None,
        rules=require_document(body.get("rules"), "rules") if kind is EventKind.REPLANNED else None,
        sequence=optional_sequence(body.get("sequence")),
        precision=optional_precision(body.get("precision")),
        quiet=optional_flag(body.get("quiet"), "quiet"),
        pause_end=PauseEnd.from_json(body) if kind is EventKind.PAUSED else None,
        excuse=excuse_of(kind, body),
        target=_text(body, "target") or None if kind is EventKind.RESET else None,
    )
    return event, occurred_at is not None


def _fields(kind: EventKind, body: Mapping[str, Any]) -> dict[str, Any]:
    """The ticket's changed fields: `fields` of an update, as over REST, or `attributes`; not both."""
    names = ("fields", "attributes") if kind is EventKind.UPDATED else ("attributes",)
    given = [name for name in names if body.get(name)]
    if len(given) > 1:
        raise InvalidValue("attributes", body["attributes"], "is another name of fields; give one of them")
    name = given[0] if given else names[0]
    fields = dict(require_mapping(body.get(name) or {}, name))
    if (size := len(json.dumps(fields))) > LARGEST_ATTRIBUTES:
        raise InvalidValue(name, f"{size} bytes", f"must be at most {LARGEST_ATTRIBUTES} bytes of JSON")
    return fields


def _not_ahead(occurred_at: Instant, now: Instant) -> Instant:
    if occurred_at > now + FUTURE_TOLERANCE:
        raise InvalidValue("occurred_at", render(occurred_at), f"is more than five minutes ahead of {render(now)}")
    return occurred_at


def _cause(kind: EventKind, body: Mapping[str, Any]) -> str:
    """The cause of a pause is by default its reason. A resume that names no cause ends every pause."""
    cause = _text(body, "cause")
    return cause or _text(body, "reason") if kind is EventKind.PAUSED else cause


def _team(body: Mapping[str, Any]) -> str | None:
    if "team_id" not in body:
        raise InvalidValue("team_id", None, "must be given: the team's id, or null for nobody")
    return _text(body, "team_id") or None


def _note(kind: EventKind, body: Mapping[str, Any], name: str) -> str:
    """Who said so and why, of an excuse in full: auditors read it."""
    value = body.get(name)
    if kind not in EXCUSES or value in (None, ""):
        return _text(body, name)
    return require_text(value, name, longest=LONGEST_NOTE)


def _actor(kind: EventKind, body: Mapping[str, Any]) -> Actor:
    """A name, or an object with a role. An unknown role is refused: whether an event counts depends on it."""
    given = body.get("actor")
    if not isinstance(given, Mapping):
        return Actor(_note(kind, body, "actor"))
    return Actor.from_json({"name": _note(kind, given, "name"), "role": given.get("role")})


def _text(body: Mapping[str, Any], name: str) -> str:
    # A number in place of a text must not cost the customer an acknowledgement.
    value = body.get(name)
    return "" if value is None else shown(value)
