"""How long a request waits for others before it answers without them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """All in seconds."""

    start: float = 4.0
    signal: float = 4.0
    state: float = 1.0
    """For a worker to answer for an instance; else the store does."""
    applied: float = 2.0
    """For an event to be applied; else it counts as accepted."""
    replanned: float = 5.0
    """For all instances of a replan to apply it; those that have not are told as still on their way."""
    row: float = 1.0
    """For a slow store to take the first row of an instance that is durable already."""
    record: float = 1.0
    """For the store to catch up with a workflow."""
    health: float = 2.0
