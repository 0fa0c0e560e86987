"""What Temporal knows of an instance, read from the answer of its workflow or from the start of its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.events import Event
from domain.ledger import Firing, Ledger
from domain.plans import Plan
from domain.records import Record, first_record
from domain.snapshot import Snapshot
from workflows.packing import unpack


@dataclass(frozen=True, slots=True)
class State:
    snapshot: Snapshot
    plan: Plan
    ledger: Ledger

    @classmethod
    def from_json(cls, body: Any) -> State | None:
        """None while the instance has not been planned."""
        body = unpack(body) if isinstance(body, Mapping) else {}
        if not body.get("snapshot") or not body.get("plan"):
            return None
        ledger = tuple(Firing.from_json(firing) for firing in body.get("ledger", ()))
        return cls(Snapshot.from_json(body["snapshot"]), Plan.from_json(body["plan"]), ledger)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a run was started with: its state then, None when it has to plan or load first, and the events behind it.

    `first` is the record of the opening where the run began with it.
    """

    state: State | None
    events: tuple[Event, ...] = ()
    first: Record | None = None

    @classmethod
    def from_json(cls, body: Any) -> Opening:
        start = unpack(body) if isinstance(body, Mapping) else {}
        document = unpack(start["carried"]) if "carried" in start else start
        state = State.from_json(document)
        if state is None:
            return cls(None)
        if "events" in document:
            return cls(state, tuple(Event.from_json(event) for event in document["events"]))
        opened = Event.from_json(document["opened"])
        return cls(state, (opened,), first_record(document["snapshot"], state.plan, opened))

    @property
    def event_ids(self) -> frozenset[str]:
        return frozenset(event.event_id for event in self.events)
