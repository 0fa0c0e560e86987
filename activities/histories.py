"""What events are added to, kept by the worker that has planned them last, so that no request carries it."""

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
    """A ticket's rules and events in their order of arrival, and their basis; `plan` None where it is not at hand."""

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
    """Those that were used last, up to a number of events in all."""

    def __init__(self, most_events: int = MOST_EVENTS) -> None:
        self._most = most_events
        self._events = 0
        self._pasts: OrderedDict[Key, KnownHistory] = OrderedDict()

    def get(self, key: Key, wanted: str) -> KnownHistory | None:
        """The past of that basis; another one is of no use."""
        past = self._pasts.get(key)
        if past is None or past.basis != wanted:
            return None
        self._pasts.move_to_end(key)
        return past

    def keep(self, key: Key, past: KnownHistory) -> None:
        self._forget(key)
        self._pasts[key] = past
        self._events += len(past.events)
        while self._events > self._most and len(self._pasts) > 1:
            self._forget(next(iter(self._pasts)))

    def _forget(self, key: Key) -> None:
        if (gone := self._pasts.pop(key, None)) is not None:
            self._events -= len(gone.events)
