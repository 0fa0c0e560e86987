"""What happens to tickets of a show, and what is promised to them, in seconds from its start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DemoPromise:
    """A policy of a show, for one priority; `respond` and `resolve` are seconds around the clock."""

    name: str
    priority: str
    respond: int
    resolve: int

    def to_json(self) -> dict[str, Any]:
        """In the shape of the API, without ids."""
        return {
            "name": self.name,
            "conditions": [{"field": "priority", "operator": "eq", "value": self.priority}],
            "targets": [
                {"type": "first_response", "minutes": self.respond / 60, "pausable": False},
                {"type": "resolution", "minutes": self.resolve / 60},
            ],
        }


@dataclass(frozen=True, slots=True)
class Step:
    """`event_id` tells the steps of a ticket apart, so that one that is done again counts once."""

    at: float
    command: str
    reason: str = ""

    @property
    def event_id(self) -> str:
        return f"demo:{self.command}"


@dataclass(frozen=True, slots=True)
class TicketScript:
    """A ticket from `opens_at` through its steps to the end."""

    ticket_id: str
    promise: DemoPromise
    opens_at: float
    steps: tuple[Step, ...]
    title: str = ""
    team_id: str | None = None
