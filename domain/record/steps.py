"""The step that new events make, as whoever plans them records it: from events, plan and what has fired so far."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.instants import Instant, parse, render
from domain.plan.plans import Plan
from domain.plan.status import instance_status
from domain.record.ledger import Key, Ledger, standing
from domain.record.records import Record, next_due
from domain.ticket.events import Event

NO_EVENTS = ""


def basis(events: Iterable[Event], before: str = NO_EVENTS) -> str:
    """A digest of events in their order of arrival: two lists of events with the same basis are the same.

    `before` is the basis of the events that came before these.
    """
    for event in events:
        content = f"{before}\n{event.event_id}\n{event.kind}\n{event.occurred_at}\n{event.received_at}"
        before = hashlib.sha256(content.encode()).hexdigest()
    return before


@dataclass(frozen=True, slots=True)
class FiredMilestones:
    """What has fired of the newest cycle of each clock, so that its size does not grow with the age of a ticket.

    All milestones of earlier cycles have fired long ago.
    """

    planned: Mapping[Key, Instant]

    @classmethod
    def of(cls, plan: Plan, ledger: Ledger) -> FiredMilestones:
        newest = _newest(plan)
        return cls(
            {
                key: firing.planned_at
                for key, firing in standing(ledger).items()
                if key.cycle >= newest.get(key.target, key.cycle)
            }
        )

    def next_milestone(self, plan: Plan, now: Instant) -> Instant | None:
        """The earliest planned instant of a milestone that has not fired."""
        newest = _newest(plan)
        waiting = [
            milestone.planned_at
            for target in plan.targets
            for milestone in target.milestones
            if milestone.planned_at is not None
            and (target.cycle == newest[target.name] or milestone.planned_at > now)
            and self.planned.get(Key.of(target, milestone)) != milestone.planned_at
        ]
        waiting += [pause.at for pause in plan.long_pauses if self.planned.get(Key.of_pause(pause)) != pause.at]
        return min(waiting, default=None)

    def to_json(self) -> list[list[Any]]:
        return [[key.target, key.cycle, key.milestone, render(at)] for key, at in self.planned.items()]

    @classmethod
    def from_json(cls, body: Iterable[Iterable[Any]]) -> FiredMilestones:
        return cls({Key(target, cycle, milestone): parse(at) for target, cycle, milestone, at in body})


@dataclass(frozen=True, slots=True)
class StepContext:
    """Where an instance stands as it takes new events.

    `sequence` is the number of the step that the events make, `fired` what has fired so far, `undelivered` whether a
    notice is on its way, `set_aside` the document of what was refused.
    """

    organization: str
    instance_id: str
    sequence: int
    now: Instant
    fired: FiredMilestones
    undelivered: bool
    set_aside: Mapping[str, Any]

    def step(
        self,
        events: Iterable[Event],
        plan: Plan,
        snapshot: Mapping[str, Any] | None,
        known: tuple[Mapping[str, Any], str] | None = None,
    ) -> Record:
        """The step that these events make; `snapshot` is given where they have changed it, `known` (the plan's document
        and digest) where they are at hand.

        Equal arguments make equal steps, whoever makes them and when.
        """
        document, digest = (plan.to_json(), "") if known is None else known
        upcoming = self.fired.next_milestone(plan, self.now)
        return Record(
            organization=self.organization,
            instance_id=self.instance_id,
            sequence=self.sequence,
            plan=document,
            plan_digest=digest,
            status=instance_status(plan, self.now),
            closed_at=plan.closed_at,
            next_due_at=next_due(plan),
            next_milestone_at=upcoming,
            ongoing=self.says_ongoing(plan),
            snapshot=snapshot,
            events=tuple(events),
            set_aside=self.set_aside,
        )

    def says_ongoing(self, plan: Plan) -> bool:
        """Whether that step says that the instance goes on: something is to come, or a notice was on its way."""
        return self.undelivered or plan.closed_at is None or self.fired.next_milestone(plan, self.now) is not None

    def to_json(self) -> dict[str, Any]:
        return {
            "organization": self.organization,
            "instance_id": self.instance_id,
            "sequence": self.sequence,
            "now": render(self.now),
            "fired": self.fired.to_json(),
            "undelivered": self.undelivered,
            "set_aside": dict(self.set_aside),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> StepContext:
        return cls(
            organization=body["organization"],
            instance_id=body["instance_id"],
            sequence=body["sequence"],
            now=parse(body["now"]),
            fired=FiredMilestones.from_json(body["fired"]),
            undelivered=body["undelivered"],
            set_aside=body["set_aside"],
        )


def _newest(plan: Plan) -> dict[str, int]:
    return {target.name: target.cycle for target in plan.targets}
