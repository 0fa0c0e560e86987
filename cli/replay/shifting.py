"""The boundary between the log's dates and those of a test server, whose clock starts today.

Workflows run on the server's dates; calendars, plans and reports see the true dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.instants import Instant
from domain.plan.milestones import Milestone
from domain.plan.planning import plan
from domain.plan.plans import Plan, TargetPlan
from domain.policy.snapshot import Snapshot
from domain.record.histories import Planner
from domain.record.ledger import Firing
from domain.ticket.events import Event


@dataclass(frozen=True, slots=True)
class Shift:
    """One constant, in microseconds: the server's instant less the true one."""

    length: int

    def instant(self, at: Instant) -> Instant:
        return Instant(at + self.length)

    def optional(self, at: Instant | None) -> Instant | None:
        return None if at is None else self.instant(at)

    def back(self) -> Shift:
        return Shift(-self.length)

    def event(self, event: Event) -> Event:
        end = event.pause_end
        return replace(
            event,
            occurred_at=self.instant(event.occurred_at),
            received_at=self.instant(event.received_at),
            pause_end=None if end is None else replace(end, at=self.optional(end.at)),
        )

    def plan(self, plan: Plan) -> Plan:
        return Plan(
            self.instant(plan.opened_at),
            tuple(self._target(target) for target in plan.targets),
            long_pauses=tuple(replace(pause, at=self.instant(pause.at)) for pause in plan.long_pauses),
        )

    def firing(self, firing: Firing) -> Firing:
        return replace(
            firing,
            planned_at=self.instant(firing.planned_at),
            fired_at=self.instant(firing.fired_at),
            withdrawn_at=self.optional(firing.withdrawn_at),
        )

    def _target(self, target: TargetPlan) -> TargetPlan:
        return replace(
            target,
            since=self.instant(target.since),
            started_at=self.optional(target.started_at),
            stopped_at=self.optional(target.stopped_at),
            due_at=self.optional(target.due_at),
            breached_at=self.optional(target.breached_at),
            resumes_at=self.optional(target.resumes_at),
            handovers=tuple(replace(one, at=self.instant(one.at)) for one in target.handovers),
            milestones=tuple(self._milestone(milestone) for milestone in target.milestones),
        )

    def _milestone(self, milestone: Milestone) -> Milestone:
        held_since = self.optional(milestone.held_since)
        return replace(milestone, planned_at=self.optional(milestone.planned_at), held_since=held_since)


def shifted(shift: Shift) -> Planner:
    """A planner that works on true dates and returns its plan on the server's dates."""
    back = shift.back()

    def planned(snapshot: Snapshot, events: Sequence[Event]) -> Plan:
        return shift.plan(plan(snapshot, [back.event(event) for event in events]))

    return planned
