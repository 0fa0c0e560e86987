"""What a ticket's status comes to, whatever its ticket system calls it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain.instants import Instant
from domain.ticket.events import EventKind


class State(StrEnum):
    """What a status comes to.

    `new`: nobody has taken it; `open`: it counts, and nothing is said of who has it; `in_progress`: somebody works on
    it, which is the acknowledgement; `pending`: its clocks wait; `solved` and `closed`: it has ended; `cancelled`: it
    was no ticket, or is one no more.
    """

    NEW = "new"
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    PENDING = "pending"
    SOLVED = "solved"
    CLOSED = "closed"
    CANCELLED = "cancelled"


ENDED = frozenset({State.SOLVED, State.CLOSED, State.CANCELLED})

LEAVES: dict[EventKind, State] = {
    EventKind.OPENED: State.NEW,
    EventKind.ACKNOWLEDGED: State.IN_PROGRESS,
    EventKind.PAUSED: State.PENDING,
    EventKind.RESUMED: State.OPEN,
    EventKind.RESOLVED: State.SOLVED,
    EventKind.REOPENED: State.OPEN,
    EventKind.CANCELLED: State.CANCELLED,
}
"""The state that an event leaves a ticket in; the other kinds leave it as it was."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A state, and of a pending one what it waits for and until when (None: nobody said)."""

    state: State
    cause: str = ""
    until: Instant | None = None

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def waits(self) -> bool:
        return self.state is State.PENDING


@dataclass(frozen=True, slots=True)
class Step:
    kind: EventKind
    cause: str = ""
    until: Instant | None = None


def steps(before: Standing, after: Standing, *, acknowledged: bool) -> Iterator[Step]:
    """The events between two states. `acknowledged`: somebody was known to work on it before.

    From one end to another (solved, then closed days later) nothing happens: the first one was the resolution. From one
    wait to another the first cause ends and the second begins. A wait that got another end is told again.
    """
    if before.has_ended and after.has_ended:
        return
    if before.has_ended:
        yield Step(EventKind.REOPENED)
    if before.waits and not (after.waits and after.cause == before.cause):
        yield Step(EventKind.RESUMED, before.cause)
    if after.state is State.IN_PROGRESS and before.state is not State.IN_PROGRESS and not acknowledged:
        yield Step(EventKind.ACKNOWLEDGED)
    if after.waits and after != before:
        yield Step(EventKind.PAUSED, after.cause, after.until)
    if after.has_ended:
        yield Step(EventKind.CANCELLED if after.state is State.CANCELLED else EventKind.RESOLVED)
