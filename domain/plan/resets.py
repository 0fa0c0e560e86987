"""Resets of clocks that there are."""

from __future__ import annotations

from collections.abc import Iterable

from domain.errors import InvalidValue
from domain.plan.plans import Plan
from domain.policy.snapshot import Snapshot
from domain.ticket.events import Event, EventKind


def require_known_clocks(snapshot: Snapshot, planned: Plan, events: Iterable[Event]) -> None:
    """Raises InvalidValue for a reset of a clock that the ticket does not have, with the names of those it has."""
    for event in events:
        if event.kind is EventKind.RESET and event.target is not None:
            require_known_clock(snapshot, planned, event.target)


def require_known_clock(snapshot: Snapshot, planned: Plan, target: str) -> None:
    """A clock is named without its stint, such as `resolution` or `resolution:workaround`. Raises InvalidValue."""
    clocks = (*(one.clock_name for one in planned.targets), *(rule.clock_name for rule in snapshot.targets))
    known = tuple(dict.fromkeys(clocks))
    if target not in known:
        raise InvalidValue("target", target, f"must be one of {', '.join(known)}")
