"""What was known of an instance at an instant: the events that had arrived, the firings as they stood."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from domain.instants import Instant
from domain.plan.replans import effective_snapshot
from domain.policy.snapshot import Snapshot
from domain.record.ledger import Firing, Ledger
from domain.ticket.events import Event, EventKind


@dataclass(frozen=True, slots=True)
class KnownState:
    """The rules in effect, the events and the firings as of an instant; the plan of then follows from them."""

    snapshot: Snapshot
    events: tuple[Event, ...]
    ledger: Ledger


def known_at(snapshot: Snapshot, events: Iterable[Event], ledger: Ledger, instant: Instant) -> KnownState | None:
    """What was known of an instance at an instant; None where its opening had not been received by then.

    What was received, fired, withdrawn or delivered at that very instant counts.
    """
    received = tuple(event for event in events if event.received_at <= instant)
    if not any(event.kind is EventKind.OPENED for event in received):
        return None
    fired = tuple(_as_of(firing, instant) for firing in ledger if firing.fired_at <= instant)
    return KnownState(effective_snapshot(snapshot, received), received, fired)


def _as_of(firing: Firing, instant: Instant) -> Firing:
    return replace(
        firing,
        withdrawn_at=_if_by(firing.withdrawn_at, instant),
        delivered_at=_if_by(firing.delivered_at, instant),
    )


def _if_by(happened_at: Instant | None, instant: Instant) -> Instant | None:
    return None if happened_at is None or happened_at > instant else happened_at
