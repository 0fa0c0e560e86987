"""What Temporal knows of an instance, read from the answer of its workflow or from the start of its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.ledger import Firing, Ledger
from domain.plans import Plan
from domain.snapshot import Snapshot
from workflows.packing import unpack


@dataclass(frozen=True, slots=True)
class State:
    """What a workflow answers: `applied` events by id, when each of them `occurred_at`, and why those in `refused`
    could not be planned; its `steps` so far, of which the store has taken the first `recorded`."""

    snapshot: Snapshot
    plan: Plan
    ledger: Ledger
    applied: frozenset[str]
    occurred_at: Mapping[str, str]
    refused: Mapping[str, str]
    steps: int
    recorded: int

    @classmethod
    def from_json(cls, body: Any) -> State | None:
        """None while the instance has not been planned."""
        body = unpack(body) if isinstance(body, Mapping) else {}
        if not body.get("snapshot") or not body.get("plan"):
            return None
        return cls(
            snapshot=Snapshot.from_json(body["snapshot"]),
            plan=Plan.from_json(body["plan"]),
            ledger=tuple(Firing.from_json(firing) for firing in body["ledger"]),
            applied=frozenset(body["applied"]),
            # A worker that is not the newest yet does not tell.
            occurred_at=body.get("occurred_at", {}),
            refused={one["value"]: one["problem"] for one in body["set_aside"]["recent"] if one["field"] == "event_id"},
            steps=body["sequence"],
            recorded=body["sequence"] - body["unrecorded"],
        )


@dataclass(frozen=True, slots=True)
class Opening:
    """What a run was started with; `planned` is None when it has to plan or load first."""

    planned: tuple[Snapshot, Plan, Ledger] | None

    @classmethod
    def from_json(cls, body: Any) -> Opening:
        start = unpack(body) if isinstance(body, Mapping) else {}
        document = unpack(start["carried"]) if "carried" in start else start
        if "snapshot" not in document:
            return cls(None)
        ledger = tuple(Firing.from_json(firing) for firing in document.get("ledger", ()))
        return cls((Snapshot.from_json(document["snapshot"]), Plan.from_json(document["plan"]), ledger))
