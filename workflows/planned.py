"""An event that comes with its plan, made by whoever sends it from the events that the instance has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from domain.instants import Instant, render
from domain.plan.amendments import amended
from domain.plan.plans import Plan
from domain.ticket.events import FUTURE_TOLERANCE, Event, EventKind
from workflows.documents import CoreDocument, PlannedEventDocument


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """See `PlannedEventDocument`."""

    event: Event
    basis: str
    before: str
    plan: CoreDocument
    plan_digest: str
    recorded: int
    attributes: Collection[str] = ()

    def problem(self, plan: Plan, now: Instant) -> str | None:
        """Why this is nothing to be taken; None if it is something. `plan` is the one that it amends."""
        if self.event.kind in (EventKind.OPENED, EventKind.REPLANNED):
            return f"an event of kind {self.event.kind} does not come with its plan"
        if self.event.received_at > now + FUTURE_TOLERANCE:
            return f"received_at {render(self.event.received_at)} is more than five minutes ahead of {render(now)}"
        try:
            amended(plan, self.plan)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return f"the plan cannot be read: {error!r}"
        return None

    def to_json(self) -> PlannedEventDocument:
        return {
            "event": self.event.to_json(),
            "basis": self.basis,
            "before": self.before,
            "plan": self.plan,
            "plan_digest": self.plan_digest,
            "recorded": self.recorded,
            "attributes": list(self.attributes),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> PlannedEvent:
        """Raises KeyError, TypeError, ValueError or AttributeError for anything else."""
        return cls(
            Event.from_json(body["event"]),
            str(body["basis"]),
            str(body["before"]),
            body["plan"],
            str(body["plan_digest"]),
            int(body["recorded"]),
            [str(name) for name in body["attributes"]],
        )
