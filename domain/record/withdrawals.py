"""Why a notice was taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from domain.instants import render
from domain.record.ledger import Firing
from domain.ticket.events import EXCUSES, Event, EventKind
from domain.wording import spoken_instant

_SPOKEN = {
    EventKind.ACKNOWLEDGED: "was acknowledged",
    EventKind.PAUSED: "was paused",
    EventKind.RESUMED: "was resumed",
    EventKind.RESOLVED: "was resolved",
    EventKind.REOPENED: "was reopened",
    EventKind.CANCELLED: "was cancelled",
    EventKind.UPDATED: "was changed",
    EventKind.ASSIGNED: "was assigned",
    EventKind.CUSTOMER_REPLIED: "got a message from the customer",
    EventKind.AGENT_REPLIED: "got an answer",
    EventKind.RESET: "had its clocks reset",
    EventKind.REPLANNED: "got other rules",
}
_MOVES_NOTHING = (EventKind.OPENED, *EXCUSES)

_HAPPENED: Mapping[str, str] = {
    EventKind.AGENT_REPLIED: "answered",
    EventKind.CUSTOMER_REPLIED: "the customer wrote",
    EventKind.REPLANNED: "other rules apply",
    EventKind.UPDATED: "the ticket was changed",
}
"""Where a kind's own word does not say what happened to the clock: `paused` and `resolved` do."""


def withdrawing_event(events: Iterable[Event], firing: Firing) -> Event | None:
    """The event that moved or stopped the milestone of a firing; None where none can have done it.

    Only what happened up to the planned instant, and a replan, changes whether a milestone comes then. Of such events
    the one that was received last before the withdrawal made the difference, for each new event leads to a new plan.
    """
    if firing.withdrawn_at is None:
        return None
    latest = firing.withdrawn_at
    known = (event for event in events if event.kind not in _MOVES_NOTHING and event.received_at <= latest)
    could = (one for one in known if one.kind is EventKind.REPLANNED or one.occurred_at <= firing.planned_at)
    return max(could, key=lambda event: event.received_at, default=None)


def spoken_reason(event: Event, zone: str) -> str:
    """`the ticket was paused Mon 2026-03-02 09:30:00+01:00 (event hd-2, received Mon 2026-03-02 09:55:00+01:00)`."""
    happened, received = spoken_instant(event.occurred_at, zone), spoken_instant(event.received_at, zone)
    what = _SPOKEN.get(event.kind, f"had the event {event.kind}")
    return f"the ticket {what} {happened} (event {event.event_id}, received {received})"


def spoken_cause(kind: str) -> str:
    """What happened, without its time: `answered`, `the customer wrote`. A kind that is not known stays its name."""
    return _HAPPENED.get(kind, kind.replace("_", " "))


def cause(event: Event) -> dict[str, Any]:
    """The event behind a withdrawal, as the notice carries it."""
    return {
        "event_id": event.event_id,
        "type": event.kind.value,
        "occurred_at": render(event.occurred_at),
        "received_at": render(event.received_at),
    }
