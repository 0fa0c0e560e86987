"""What a log says about its tickets, whichever system wrote it."""

from __future__ import annotations

from dataclasses import dataclass

from domain.instants import Instant
from domain.ticket.events import Event
from domain.ticket.tickets import Ticket


@dataclass(frozen=True, slots=True)
class LoggedTicket:
    """`events` begin with the opening and stand in the order in which they arrived.

    `made_sla` is the verdict of the system that wrote the log; None where it gave none.
    """

    ticket: Ticket
    events: tuple[Event, ...]
    made_sla: bool | None = None

    @property
    def opened(self) -> Event:
        return self.events[0]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A part of the log that is incomplete: its line, and what it lacks."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class TicketLog:
    tickets: tuple[LoggedTicket, ...]
    skipped: tuple[Skipped, ...]
    ends_at: Instant
