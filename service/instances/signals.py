"""Signals that the API sends to instances. Each has the ids of its events and the instants at which they happened."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import InvalidValue
from domain.fields import require_text
from domain.instants import Instant, parse, render
from domain.record.outcomes import ENGINE
from domain.ticket.authors import Actor
from domain.ticket.events import FUTURE_TOLERANCE, Event, optional_precision, optional_sequence
from domain.ticket.pauses import PauseEnd
from workflows.documents import BatchPayload
from workflows.messages import EVENTS
from workflows.signals import Refusal, read_signal

SOURCE = "api"
# Bytes of JSON. Temporal takes two million a message, and the plan that the events lead to needs room beside them.
LARGEST_SIGNAL = 1024 * 1024
LONGEST_ACTOR = 1000
LONGEST_SOURCE = 200


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal by name. `message` has an `event_id` and `occurred_at`; that of several events has `events`."""

    name: str
    message: Mapping[str, Any]

    @property
    def event_id(self) -> str:
        return str(self.message["event_id"])

    def event(self, received_at: Instant) -> Event | None:
        """The event as which an instance takes it at that instant.

        None if the instance would set it aside, and for a signal of several events.
        """
        read = read_signal(self.name, self.message, received_at, 1, mint=mint_event_id)
        return None if isinstance(read, Refusal) else read.event


def together(signals: Sequence[Signal]) -> Sequence[Signal]:
    """The same events in as few signals as Temporal carries. A single one stays as it is."""
    chunks: list[list[Signal]] = []
    left = 0
    for signal in signals:
        size = len(json.dumps(signal.message))
        if size > left or not chunks:
            chunks.append([])
            left = LARGEST_SIGNAL
        chunks[-1].append(signal)
        left -= size
    return [_one(chunk) for chunk in chunks]


def _one(signals: Sequence[Signal]) -> Signal:
    if len(signals) == 1:
        return signals[0]
    payload: BatchPayload = {"events": [{**one.message, "type": one.name} for one in signals]}  # type: ignore[typeddict-item]
    return Signal(EVENTS, payload)


def mint_event_id() -> str:
    return f"evt_{uuid.uuid4().hex}"


def occurred_at(text: str | None, now: Instant, field: str = "occurred_at") -> Instant:
    """The instant, `now` if there is none. Raises InvalidValue for an instant more than five minutes ahead."""
    at = now if text is None else parse(text, field)
    if at > now + FUTURE_TOLERANCE:
        raise InvalidValue(field, text, "must not lie more than five minutes ahead")
    return at


def stamped(payload: Mapping[str, Any], now: Instant, source: str = SOURCE) -> dict[str, Any]:
    """The payload with the id, times and source that every event has; `source` is the system that tells it, unless the
    payload names it.

    Raises InvalidValue for an instant too far ahead, for an order or a precision that no event has, and for an end that
    no pause can have.
    """
    optional_sequence(payload.get("sequence"))
    optional_precision(payload.get("precision"))
    _require_actor(payload.get("actor"))
    source = _named_source(payload.get("source")) or source
    at = occurred_at(payload.get("occurred_at"), now)
    if (end := PauseEnd.from_json(payload)) is not None:
        end.require_after(at)
    return {
        **payload,
        "event_id": payload.get("event_id") or mint_event_id(),
        "occurred_at": render(at),
        "received_at": render(now),
        "source": source,
    }


def _named_source(given: Any) -> str | None:
    if given is None:
        return None
    name = require_text(given, "source", LONGEST_SOURCE)
    if name == ENGINE:
        # Its events are those that escalations have ordered, and they are counted.
        raise InvalidValue("source", name, "is the engine itself; name the system that tells it")
    return name


def _require_actor(given: Any) -> None:
    name = Actor.from_json(given).name
    if len(name) > LONGEST_ACTOR:
        raise InvalidValue("actor", name[:40] + "...", f"must be at most {LONGEST_ACTOR} characters long")
