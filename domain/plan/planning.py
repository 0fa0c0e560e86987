"""`plan(snapshot, events)`: the one pure function that decides everything; it takes no clock."""

from __future__ import annotations

from collections.abc import Iterable

from domain.plan.plans import Plan
from domain.plan.walk import TicketWalk
from domain.policy.snapshot import Snapshot
from domain.ticket.events import Event


def plan(snapshot: Snapshot, events: Iterable[Event]) -> Plan:
    """Targets and milestones of a ticket under its frozen snapshot, the past and the future from the same call.

    Raises InvalidValue when no event opens the ticket, WorkingTimeExhausted when a due instant lies beyond 2100.
    """
    return TicketWalk.of(snapshot, events).plan
