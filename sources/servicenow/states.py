"""From the states of a ServiceNow incident to the events that the engine knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from domain.instants import Instant
from domain.ticket.events import Event, EventKind
from domain.ticket.precision import Precision

NEW, ACTIVE, RESOLVED, CLOSED = "New", "Active", "Resolved", "Closed"
WAITING = ("Awaiting User Info", "Awaiting Problem", "Awaiting Vendor", "Awaiting Evidence")
KNOWN = (NEW, ACTIVE, *WAITING, RESOLVED, CLOSED)
FINAL = frozenset({RESOLVED, CLOSED})
SOURCE = "servicenow"


@dataclass(frozen=True, slots=True)
class StateChange:
    kind: EventKind
    cause: str = ""


def events_of(number: str, opened_at: Instant, steps: Iterable[tuple[int, str, Instant]]) -> tuple[Event, ...]:
    """The events of one incident; `steps` are (line, state, instant) in order.

    Each event has its line as its place, so that events of one minute keep their order.
    """
    events = [Event(EventKind.OPENED, f"{number}/opened", opened_at, opened_at, source=SOURCE)]
    state, acknowledged = NEW, False
    for line, seen, at in steps:
        for change in _changes(state, seen, acknowledged=acknowledged):
            received_at = Instant(max(at, events[-1].received_at + 1))
            event_id = f"{number}/{line}/{change.kind}"
            placed: dict[str, Any] = {"sequence": line, "precision": Precision.MINUTE}
            events.append(Event(change.kind, event_id, at, received_at, source=SOURCE, cause=change.cause, **placed))
        acknowledged = acknowledged or seen == ACTIVE
        state = seen
    return tuple(events)


def _changes(before: str, after: str, *, acknowledged: bool) -> Iterator[StateChange]:
    if after == before or (before in FINAL and after in FINAL):
        return
    if before in FINAL:
        yield StateChange(EventKind.REOPENED)
    if before in WAITING:
        yield StateChange(EventKind.RESUMED, before)
    if after == ACTIVE and not acknowledged:
        yield StateChange(EventKind.ACKNOWLEDGED)
    if after in WAITING:
        yield StateChange(EventKind.PAUSED, after)
    if after in FINAL:
        yield StateChange(EventKind.RESOLVED)
