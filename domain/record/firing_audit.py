"""Audits the firings of a record, step by step: whether they are those that its plans demand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.fields import require_list, require_mapping
from domain.instants import Instant
from domain.plan.milestones import AUTOMATIC
from domain.plan.plans import Plan
from domain.plan.status import InstanceStatus, instance_status
from domain.record.ledger import Firing, Key, Ledger, merge, planned_milestones, reconcile
from domain.record.notices import firing_id, withdrawal_id
from domain.record.quiet import quiet_until
from domain.record.records import FIRST
from domain.ticket.events import FUTURE_TOLERANCE, Event, EventKind

GRACE = FUTURE_TOLERANCE
"""A step may be closed while more events are being planned, before anything is fired or withdrawn. What is
wrong counts as a fault only if it is still wrong when the record tells of something this much later."""
BEGINNING = Instant(0)

Problem = tuple[str, str]
"""The part of the step, and what is wrong with it."""


@dataclass(slots=True)
class FiringAudit:
    """What a record has said so far.

    `known` is the latest instant by the workflow's clock that the record mentions, `received` the latest arrival of an
    event, `quiet` that of the latest quiet one. `wrong` holds what should have fired or been withdrawn and since when,
    `reported` what was found of it.
    """

    organization: str
    instance_id: str
    ledger: Ledger = ()
    known: Instant = BEGINNING
    received: Instant = BEGINNING
    quiet: Instant | None = None
    wrong: dict[tuple[Key, Instant], Instant] = field(default_factory=dict)
    reported: set[tuple[Key, Instant]] = field(default_factory=set)

    def step(self, plan: Plan, link: Mapping[str, Any], events: Sequence[Event]) -> Iterator[Problem]:
        """The problems of the next step, from the plan of all events so far and the events of the step itself.

        Raises for a `link` that is no step of a record: InvalidValue, KeyError, TypeError or ValueError.
        """
        listed = require_list(link.get("firings"), "firings")
        self.quiet = quiet_until(events, self.quiet)
        firings = [Firing.from_json(require_mapping(one, "firings")) for one in listed]
        notices = require_list(link.get("notices"), "notices")
        if link.get("sequence") == FIRST:
            yield from self._first(plan, link, [*firings, *notices])
        else:
            yield from self._later(plan, firings, notices, events)
            if link.get("status") not in self._statuses(plan):
                yield "status", "is not what rules and events come to"

    def _first(self, plan: Plan, link: Mapping[str, Any], happened: Sequence[Any]) -> Iterator[Problem]:
        if happened:
            yield "firings", "nothing fires before the second step"
        if link.get("status") != instance_status(plan, plan.opened_at):
            yield "status", "is not what rules and events come to"

    def _later(
        self, plan: Plan, firings: Sequence[Firing], notices: Sequence[Any], events: Sequence[Event]
    ) -> Iterator[Problem]:
        before = {(one.key, one.generation): one for one in self.ledger}
        planned = dict(planned_milestones(plan))
        for firing in firings:
            earlier = before.get((firing.key, firing.generation))
            yield from self._firing_problems(firing, planned) if earlier is None else _change_problems(firing, earlier)
            self.ledger = merge(self.ledger, [firing])
        if Counter(self._notices(firings, before)) != Counter(notices):
            yield "notices", "are not those of what fired and was withdrawn"
        self._note_arrivals(events)
        instants = [at for one in firings for at in (one.fired_at, one.withdrawn_at) if at is not None]
        self.known = max([self.known, *instants])
        yield from self._overdue(plan)

    def _note_arrivals(self, events: Sequence[Event]) -> None:
        """Opening events are left out, for another clock dates them; so is what arrived together with another event,
        for it is dated a microsecond later."""
        for event in events:
            if event.kind is not EventKind.OPENED and event.received_at != self.received + 1:
                self.known = max(self.known, event.received_at)
            self.received = max(self.received, event.received_at)

    def _firing_problems(self, firing: Firing, planned: Mapping[Key, Instant]) -> Iterator[Problem]:
        part = str(firing.key)
        if firing.stands and planned.get(firing.key) != firing.planned_at:
            yield part, "did not happen at that instant"
        if firing.fired_at < firing.planned_at:
            yield part, "was fired before its instant"
        if firing.fired_at < self.known - GRACE:
            yield part, "was fired before what an earlier step tells"
        if firing.skipped and firing.key.milestone != AUTOMATIC and firing.planned_at >= (self.quiet or BEGINNING):
            yield part, "was told to nobody, and no quiet event asked for that"
        if firing.generation != 1 + sum(one.key == firing.key for one in self.ledger):
            yield part, "is not the next generation"

    def _notices(self, firings: Sequence[Firing], before: Mapping[tuple[Key, int], Firing]) -> Iterator[str]:
        for firing in firings:
            if firing.skipped:
                continue
            earlier = before.get((firing.key, firing.generation))
            if earlier is None:
                yield firing_id(self.organization, self.instance_id, firing)
            if not firing.stands and (earlier is None or earlier.stands):
                yield withdrawal_id(self.organization, self.instance_id, firing)

    def _overdue(self, plan: Plan) -> Iterator[Problem]:
        """What should have fired or been withdrawn, and still is not when the record tells of something later."""
        changes = {(one.key, one.planned_at): one for one in reconcile(plan, self.ledger, self.known)}
        self.wrong = {at: self.wrong.get(at, self.known) for at in changes}
        for at, since in self.wrong.items():
            if self.known >= since + GRACE and at not in self.reported:
                self.reported.add(at)
                yield str(at[0]), "should have fired" if changes[at].stands else "should have been withdrawn"

    def _statuses(self, plan: Plan) -> set[InstanceStatus]:
        """The statuses it may have had: at `known`, or after a breach that came later."""
        breaches = [target.breached_at for target in plan.targets if target.breached_at is not None]
        instants = [self.known, *(at for at in breaches if at > self.known)]
        return {instance_status(plan, at) for at in instants}


def _change_problems(firing: Firing, earlier: Firing) -> Iterator[Problem]:
    """Of a firing that an earlier step has: it may have been delivered or withdrawn since, and nothing else."""
    part = str(firing.key)
    if _fixed(firing) != _fixed(earlier) or earlier.withdrawn_at not in (None, firing.withdrawn_at):
        yield part, "is not what an earlier step says of it"
    if firing.withdrawn_at is not None and firing.withdrawn_at < firing.fired_at - GRACE:
        yield part, "was withdrawn before it was fired"


def _fixed(firing: Firing) -> tuple[Any, ...]:
    return (firing.planned_at, firing.fired_at, firing.skipped)
