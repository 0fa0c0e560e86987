"""How long a request waits for others before it answers without them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """All in seconds."""

    turn: float = 10.0
    """For a turn at Temporal, behind the commands of all who were there before."""
    start: float = 4.0
    signal: float = 4.0
    state: float = 1.0
    """For Temporal to say what it knows of an instance, or, where that is asked, for a worker to."""
    applied: float = 2.0
    """For an event to be recorded; else it counts as accepted."""
    replanned: float = 5.0
    """For all instances of a replan to record it; those that have not are told as still on their way."""
    row: float = 1.0
    """For a slow store to take the first row of an instance that is durable already."""
    rows: float = 20.0
    """For a store that is away to come back and take it, while nobody waits any more."""
    health: float = 2.0
