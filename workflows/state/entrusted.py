"""Steps that others record: those of events that came with their plan. Kept until they are known to be recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from domain.plan.plans import Plan
from domain.record.records import Record
from domain.record.steps import StepContext
from domain.ticket.events import Event

MOST = 20


@dataclass(frozen=True, slots=True)
class EntrustedStep:
    """What the step is made from."""

    context: StepContext
    event: Event
    plan: Plan

    @property
    def record(self) -> Record:
        return self.context.step([self.event], self.plan, None)


@dataclass(slots=True)
class Entrusted:
    """By the id of the event. Of more than `MOST` the oldest must be recorded by the instance itself."""

    steps: dict[str, EntrustedStep] = field(default_factory=dict)

    def add(self, step: EntrustedStep) -> Sequence[Record]:
        """Keep the step; the records of those that are kept no longer."""
        self.steps[step.event.event_id] = step
        return self.take_back(list(self.steps)[:-MOST])

    def forget(self, recorded: int) -> None:
        """All up to that number are recorded."""
        self.steps = {id_: step for id_, step in self.steps.items() if step.context.sequence > recorded}

    def take_back(self, event_ids: Iterable[str]) -> Sequence[Record]:
        """The records of these events, for whoever was to record them has not, or may not have."""
        return [self.steps.pop(id_).record for id_ in event_ids if id_ in self.steps]

    @property
    def records(self) -> Sequence[Record]:
        return [step.record for step in self.steps.values()]
