"""Which of the signals that have arrived are new to an instance, and which are too large to be kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from domain.instants import Instant
from domain.ticket.events import Event
from workflows.signals import Refusal, SignalledEvent

# Bytes of attributes and rules. Compressed, what cannot be compressed further still fits one payload with the rest.
LARGEST_PAST = 1024 * 1024


def new_events(
    arrivals: Iterable[SignalledEvent], known: Mapping[str, Event], carried: int
) -> tuple[list[SignalledEvent], list[Refusal]]:
    """The arrivals that are not `known`, each received strictly after all that came before it, and what is refused.

    `carried` is the size of the known events. Attributes and rules beyond `LARGEST_PAST` are refused; facts about the
    clocks never are.
    """
    fresh: dict[str, SignalledEvent] = {}
    refusals: list[Refusal] = []
    latest = max((event.received_at for event in known.values()), default=Instant(0))
    for arrival in arrivals:
        event = arrival.event
        if event.event_id in known or event.event_id in fresh:
            continue
        carried += size(event)
        if carried > LARGEST_PAST and (event.attributes or event.rules):
            carried -= size(event)
            refusals.append(_too_much(event))
            continue
        latest = Instant(max(event.received_at, latest + 1))
        fresh[event.event_id] = replace(arrival, event=replace(event, received_at=latest))
    return list(fresh.values()), refusals


def size(event: Event) -> int:
    """Bytes of its attributes and rules as JSON."""
    return sum(len(json.dumps(dict(document))) for document in (event.attributes, event.rules) if document)


def _too_much(event: Event) -> Refusal:
    problem = f"attributes and rules: must be at most {LARGEST_PAST} bytes in all"
    return Refusal(event.kind.value, problem, "event_id", event.event_id, event.received_at)
