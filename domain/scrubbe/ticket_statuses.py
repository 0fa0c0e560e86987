"""The statuses of Scrubbe's tickets: which may follow which, and which event each change is to the clocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.errors import Conflict
from domain.instants import Instant, parse, render
from domain.ticket.events import EventKind


class TicketStatus(StrEnum):
    NEW = "NEW"
    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"


ONGOING = frozenset({TicketStatus.OPEN, TicketStatus.ACKNOWLEDGED})
"""The statuses in which the clocks of a ticket run; its response clock runs only until it is acknowledged."""
LIVING = frozenset({TicketStatus.NEW, *ONGOING})
"""Statuses of tickets that are measured when measuring is switched on; a new ticket is, once it becomes open."""

TRANSITIONS: Mapping[TicketStatus, Mapping[TicketStatus, EventKind | None]] = {
    TicketStatus.NEW: {
        TicketStatus.OPEN: EventKind.OPENED,
        TicketStatus.CLOSED: None,
    },
    TicketStatus.OPEN: {
        TicketStatus.ACKNOWLEDGED: EventKind.ACKNOWLEDGED,
        TicketStatus.RESOLVED: EventKind.RESOLVED,
        TicketStatus.CLOSED: EventKind.CANCELLED,
    },
    TicketStatus.ACKNOWLEDGED: {
        TicketStatus.RESOLVED: EventKind.RESOLVED,
        TicketStatus.CLOSED: EventKind.CANCELLED,
    },
    TicketStatus.RESOLVED: {
        TicketStatus.OPEN: EventKind.REOPENED,
        TicketStatus.CLOSED: None,
    },
    TicketStatus.CLOSED: {},
}
"""What each status may become, and the event that this is to the clocks (None: they are not told)."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """The status that a ticket took, and when."""

    status: TicketStatus
    at: Instant

    def to_json(self) -> dict[str, Any]:
        return {"status": self.status.value, "at": render(self.at)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> StatusChange:
        return cls(TicketStatus(body["status"]), parse(body["at"]))


History = tuple[StatusChange, ...]
"""The turns of a ticket in their order, its creation first."""


def transition(before: TicketStatus, after: TicketStatus) -> EventKind | None:
    """The event that the change from `before` to `after` is to the clocks; None: they are not told.

    Raises Conflict for a change that is not possible.
    """
    following = TRANSITIONS[before]
    if after not in following:
        possible = f"only {' or '.join(following)}" if following else "nothing any more"
        reason = f"A ticket that is {before} cannot become {after}, {possible}."
        raise Conflict(reason, field="status", value=after.value)
    return following[after]


def first_at(history: History, status: TicketStatus) -> Instant | None:
    """When the ticket first took the status; None: never."""
    return next((turn.at for turn in history if turn.status is status), None)


def answered_at(history: History) -> Instant | None:
    """When the ticket was first acknowledged, or resolved without that."""
    answers = (TicketStatus.ACKNOWLEDGED, TicketStatus.RESOLVED)
    return next((turn.at for turn in history if turn.status in answers), None)


def resolved_at(history: History) -> Instant | None:
    """When the ticket was last resolved; None once it was reopened."""
    return _last_at(history, TicketStatus.RESOLVED, unless=TicketStatus.OPEN)


def ongoing_since(history: History) -> Instant | None:
    """When the ticket last became open; None when it never was, or is resolved or closed."""
    return _last_at(history, TicketStatus.OPEN) if history[-1].status in ONGOING else None


def _last_at(
    history: Sequence[StatusChange], status: TicketStatus, unless: TicketStatus | None = None
) -> Instant | None:
    for turn in reversed(history):
        if turn.status is status:
            return turn.at
        if turn.status is unless:
            return None
    return None
