"""What new events are added to, and what comes of adding them. Whoever has planned an instance last keeps it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.digests import plan_digest
from domain.plan import planning
from domain.plan.excuses import require_known_targets
from domain.plan.plans import Plan
from domain.plan.replans import effective_snapshot
from domain.plan.resets import require_known_clocks
from domain.policy.snapshot import Snapshot
from domain.record.records import Record
from domain.record.steps import StepContext, basis
from domain.ticket.events import Event, EventKind

Key = tuple[str, str]
"""Organization and instance id."""

Planner = Callable[[Snapshot, Sequence[Event]], Plan]
"""Raises as `domain.plan.planning.plan` does."""

# Over fewer events the walk takes less time than a thread costs.
FEW = 50
# Weight of all histories together, some hundred megabytes: an event weighs one, rules and plan as much as this.
HEAVIEST = 200_000
RULES_WEIGH = 40


@dataclass(frozen=True, slots=True)
class KnownHistory:
    """A ticket's rules, its events in their order of arrival, and the digest of these (`basis`).

    `document` is the snapshot as JSON. `plan` is None where the plan of these events is not at hand. `recorded` is the
    number of a step up to which all are known to be recorded, 0 where none is.
    """

    document: Mapping[str, Any]
    snapshot: Snapshot
    events: tuple[Event, ...]
    basis: str
    plan: Plan | None = None
    plan_digest: str = ""
    recorded: int = 0

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> KnownHistory:
        """From a document with `snapshot` and `events`."""
        events = tuple(Event.from_json(event) for event in body["events"])
        return cls(body["snapshot"], Snapshot.from_json(body["snapshot"]), events, basis(events))

    def with_events(self, events: Sequence[Event], planner: Planner = planning.plan) -> Applied:
        """Raises as the planner does, and InvalidValue for an excuse or a reset of a target that the ticket cannot
        have."""
        every = (*self.events, *events)
        planned = planner(self.snapshot, every)
        require_known_targets(self.snapshot, planned, events)
        require_known_clocks(self.snapshot, planned, events)
        rules = self.document
        if any(event.kind is EventKind.REPLANNED for event in events):
            rules = effective_snapshot(self.snapshot, every).to_json()
        changed = None if rules == self.document else rules
        snapshot = self.snapshot if changed is None else Snapshot.from_json(rules)
        document = planned.to_json()
        history = KnownHistory(rules, snapshot, every, basis(events, self.basis), planned, plan_digest(document))
        return Applied(history, tuple(events), document, changed)


@dataclass(frozen=True, slots=True)
class Applied:
    """A history with new events. `document` is its plan, `changed` its rules where the events have changed them."""

    history: KnownHistory
    events: tuple[Event, ...]
    document: Mapping[str, Any]
    changed: Mapping[str, Any] | None

    def step(self, context: StepContext) -> Record:
        """The step that the new events make."""
        assert self.history.plan is not None
        known = self.document, self.history.plan_digest
        return context.step(self.events, self.history.plan, self.changed, known)


class KnownHistories:
    """The histories that were used last, as many as are light enough together."""

    def __init__(self, heaviest: int = HEAVIEST) -> None:
        self._heaviest = heaviest
        self._weight = 0
        self._kept: OrderedDict[Key, KnownHistory] = OrderedDict()

    def get(self, key: Key, wanted: str) -> KnownHistory | None:
        """The history of that basis; None where another one is kept, for it lacks events or has others."""
        kept = self._kept.get(key)
        if kept is None or kept.basis != wanted:
            return None
        self._kept.move_to_end(key)
        return kept

    def latest(self, key: Key) -> KnownHistory | None:
        """The history that was kept last, whether more has happened since or not."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def keep(self, key: Key, history: KnownHistory) -> None:
        self.forget(key)
        self._kept[key] = history
        self._weight += _weight(history)
        while self._weight > self._heaviest and len(self._kept) > 1:
            self.forget(next(iter(self._kept)))

    def forget(self, key: Key) -> None:
        if (gone := self._kept.pop(key, None)) is not None:
            self._weight -= _weight(gone)


def _weight(history: KnownHistory) -> int:
    return RULES_WEIGH + len(history.events)
