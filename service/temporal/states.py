"""The state of an instance, read from the answer of its workflow or from the start of its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.plan.plans import Plan
from domain.policy.snapshot import Snapshot
from domain.record.ledger import Firing, Ledger
from domain.record.records import Record, first_record
from domain.ticket.events import Event
from workflows.documents import StartInput, StateDocument
from workflows.packing import unpack


@dataclass(frozen=True, slots=True)
class QueriedState:
    snapshot: Snapshot
    plan: Plan
    ledger: Ledger

    @classmethod
    def from_json(cls, body: Any) -> QueriedState | None:
        """The state in the answer, None while the instance is not planned."""
        body = unpack(body) if isinstance(body, Mapping) else {}
        if not body.get("snapshot") or not body.get("plan"):
            return None
        ledger = tuple(Firing.from_json(firing) for firing in body.get("ledger", ()))
        return cls(Snapshot.from_json(body["snapshot"]), Plan.from_json(body["plan"]), ledger)


@dataclass(frozen=True, slots=True)
class StartedState:
    """What a run was started with: its state (None if it has to plan or load first) and the events of that state.

    `first` is the record of the opening, if the run began with it.
    """

    state: QueriedState | None
    events: tuple[Event, ...] = ()
    first: Record | None = None

    @classmethod
    def from_json(cls, body: Any) -> StartedState:
        start = unpack(body if isinstance(body, Mapping) else {}, StartInput)
        if "carried" in start:
            carried = unpack(start["carried"], StateDocument)
            return cls(QueriedState.from_json(carried), tuple(map(Event.from_json, carried["events"])))
        state = QueriedState.from_json(start)
        if state is None:
            return cls(None)
        opened = Event.from_json(start["opened"])
        return cls(state, (opened,), first_record(start["snapshot"], state.plan, opened))

    @property
    def event_ids(self) -> frozenset[str]:
        return frozenset(event.event_id for event in self.events)
