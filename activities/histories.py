"""What new events are added to. The worker that has planned an instance last keeps it: no request need carry it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from domain.plan.plans import Plan
from domain.policy.snapshot import Snapshot
from domain.record.steps import basis
from domain.ticket.events import Event
from workflows.documents import CoreDocument, HistoryDocument

Key = tuple[str, str]
"""Organization and instance id."""

# Events of all instances together: some hundred megabytes at most.
MOST_EVENTS = 200_000


@dataclass(frozen=True, slots=True)
class KnownHistory:
    """A ticket's rules, its events in their order of arrival, and the digest of these (`basis`).

    `document` is the snapshot as JSON. `plan` is None where the plan of these events is not at hand.
    """

    document: CoreDocument
    snapshot: Snapshot
    events: tuple[Event, ...]
    basis: str
    plan: Plan | None = None
    plan_digest: str = ""

    @classmethod
    def from_json(cls, body: HistoryDocument) -> KnownHistory:
        events = tuple(Event.from_json(event) for event in body["events"])
        return cls(body["snapshot"], Snapshot.from_json(body["snapshot"]), events, basis(events))


class KnownHistories:
    """The histories that were used last, up to a number of events in all."""

    def __init__(self, most_events: int = MOST_EVENTS) -> None:
        self._most = most_events
        self._events = 0
        self._kept: OrderedDict[Key, KnownHistory] = OrderedDict()

    def get(self, key: Key, wanted: str) -> KnownHistory | None:
        """The history of that basis; None where another one is kept, for it lacks events or has others."""
        kept = self._kept.get(key)
        if kept is None or kept.basis != wanted:
            return None
        self._kept.move_to_end(key)
        return kept

    def keep(self, key: Key, history: KnownHistory) -> None:
        self._forget(key)
        self._kept[key] = history
        self._events += len(history.events)
        while self._events > self._most and len(self._kept) > 1:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Key) -> None:
        if (gone := self._kept.pop(key, None)) is not None:
            self._events -= len(gone.events)
