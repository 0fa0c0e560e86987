"""How long a request waits before it answers without waiting any longer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """All in seconds."""

    slot: float = 10.0
    """For a slot at Temporal, behind all commands that came before."""
    start: float = 4.0
    signal: float = 4.0
    state: float = 1.0
    """For Temporal, or on request a worker, to say what it knows of an instance."""
    applied: float = 2.0
    """For an event to be recorded; after that it counts as accepted."""
    planned: float = 2.0
    """For a worker to take an event that comes with its plan; after that it is sent as a signal. It counts as a part of
    `applied`."""
    replanned: float = 5.0
    """For all instances of a replan to record it; the others are reported as pending."""
    row: float = 1.0
    """For a slow store to take the first row of an instance that is durable already."""
    rows: float = 20.0
    """For a store that is away to come back and take that row, while no request waits."""
    health: float = 2.0
