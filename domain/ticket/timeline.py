"""The ticket's fields over time: what the events have made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from domain.instants import Instant
from domain.ticket.events import Event, EventKind
from domain.ticket.order import in_order
from domain.ticket.tickets import SUBJECT_FIELDS, Ticket

CHANGING = (EventKind.UPDATED, EventKind.ASSIGNED)
"""The events that change what the ticket says of itself."""
_NOT_FIELDS = frozenset({"kind", "priority", "team_id", *SUBJECT_FIELDS})


@dataclass(frozen=True, slots=True)
class Turn:
    """An event, when it took effect, and the ticket from then on.

    `attributes` are those of the ticket: neighbours with the same ticket share them, for a ticket may have hundreds of
    turns and its attributes are a new document each time they are asked for. `releases` is the cause of a pause that
    ends by itself here; the event is then one that nobody has told.
    """

    event: Event
    at: Instant
    ticket: Ticket
    attributes: Mapping[str, Any]
    releases: str | None = None


def ticket_after(ticket: Ticket, events: Iterable[Event]) -> Ticket:
    """The ticket as the events have left it; `ticket` is the ticket as it opened. They may come in any order."""
    for event in in_order(event for event in events if event.kind in CHANGING):
        ticket = _after(ticket, event)
    return ticket


def timeline(ticket: Ticket, ordered: Sequence[Event]) -> tuple[Turn, ...]:
    """A turn for each event, in their order. An event dated before the opening takes effect at the opening, a message
    that stands before its answer no later than the answer.

    `ordered` holds at least the opening; `ticket` is the ticket as it opened.
    """
    return tuple(_turns(ticket, ordered))


def _turns(ticket: Ticket, ordered: Sequence[Event]) -> Iterator[Turn]:
    opened_at, attributes = ordered[0].occurred_at, ticket.attributes
    latest = [*accumulate((event.occurred_at for event in reversed(ordered)), min)]
    for event, at in zip(ordered, reversed(latest), strict=True):
        following = _after(ticket, event)
        if following is not ticket:
            ticket, attributes = following, following.attributes
        yield Turn(event, Instant(max(at, opened_at)), ticket, attributes)


def _after(ticket: Ticket, event: Event) -> Ticket:
    if event.kind is EventKind.ASSIGNED:
        return replace(ticket, team_id=event.team_id)
    if event.kind is not EventKind.UPDATED or not event.attributes:
        return ticket
    changes = {name: value for name, value in event.attributes.items() if name not in _NOT_FIELDS}
    return replace(ticket, fields={**ticket.fields, **changes}, priority=_priority(event.attributes, ticket.priority))


def _priority(attributes: Mapping[str, Any], before: str | None) -> str | None:
    given = attributes.get("priority", before)
    return before if given is not None and not isinstance(given, str) else given or None
