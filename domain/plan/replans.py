"""Which rules a ticket is measured by: those it opened under, or those of the replan that was received last."""

from __future__ import annotations

from collections.abc import Iterable

from domain.policy.snapshot import Snapshot
from domain.ticket.events import Event, EventKind


def effective_snapshot(snapshot: Snapshot, events: Iterable[Event]) -> Snapshot:
    """The snapshot under the rules of the last replan among the events; without a replan, under those of the opening.

    The replan that was received last counts, and it counts for the ticket from its opening on. Raises InvalidValue
    for rules that cannot be read.
    """
    replans = [event for event in events if event.kind is EventKind.REPLANNED]
    if not replans:
        return snapshot if snapshot.opening_rules is None else snapshot.under(snapshot.opening_rules)
    latest = max(replans, key=lambda event: (event.received_at, event.event_id))
    assert latest.rules is not None
    return snapshot.under(latest.rules)
