"""An instance's state from documents and as one: for the next run, and as the answer of the query `state`."""

from __future__ import annotations

from domain.errors import InvalidValue
from domain.instants import Instant, render, render_optional
from domain.plan.plans import Plan
from domain.record.ledger import Firing
from domain.record.records import Record, first_record
from domain.ticket.events import Event
from workflows.documents import CoreDocument, StateAnswer, StateDocument
from workflows.state.instance_state import InstanceState
from workflows.state.steps import Outstanding, SaidOngoing


def new_state(
    snapshot: CoreDocument, plan: CoreDocument, opened: CoreDocument, *, recorded: bool = False
) -> InstanceState:
    """A new instance. With `recorded` somebody else writes its first record, which is made of these three alone."""
    event, planned = Event.from_json(opened), Plan.from_json(plan)
    record = first_record(snapshot, planned, event)
    return InstanceState(
        snapshot,
        planned,
        {event.event_id: event},
        sequence=record.sequence,
        unrecorded=[] if recorded else [record],
        auto_escalate=snapshot.get("auto_escalate", False),
    )


def state_document(state: InstanceState) -> StateDocument:
    """All of the state, for the next run. A step must be closed first."""
    return {
        "snapshot": state.snapshot,
        "plan": state.plan_document,
        "events": [event.to_json() for event in state.events.values()],
        "ledger": [firing.to_json() for firing in state.ledger],
        "sequence": state.sequence,
        "set_aside": state.set_aside,
        "outstanding": [outstanding.to_json() for outstanding in state.outstanding.values()],
        "unrecorded": [record.to_json() for record in state.carried_steps],
        "auto_escalate": state.auto_escalate,
        "ongoing": state.said_ongoing.last,
    }


def state_from(document: StateDocument) -> InstanceState:
    """The state that the run before has carried over, or that the store has recorded.

    Raises InvalidValue where the store has no snapshot.
    """
    snapshot = document["snapshot"]
    if snapshot is None:
        raise InvalidValue("snapshot", None, "is not recorded")
    events = [Event.from_json(event) for event in document["events"]]
    outstanding = [Outstanding.from_json(one) for one in document.get("outstanding", ())]
    return InstanceState(
        snapshot=snapshot,
        plan=Plan.from_json(document["plan"]),
        events={event.event_id: event for event in events},
        ledger=tuple(Firing.from_json(firing) for firing in document["ledger"]),
        sequence=document["sequence"],
        refused=document["set_aside"]["count"],
        refusals=list(document["set_aside"]["recent"]),
        outstanding={one.notice["id"]: one for one in outstanding},
        unrecorded=[Record.from_json(record) for record in document.get("unrecorded", ())],
        auto_escalate=document.get("auto_escalate", snapshot.get("auto_escalate", False)),
        said_ongoing=SaidOngoing(document["sequence"], document.get("ongoing", True)),
    )


def state_answer(state: InstanceState, now: Instant) -> StateAnswer:
    """The answer of the query `state`, as of `now`."""
    facts = state.facts
    return {
        "organization": facts.organization,
        "instance_id": facts.instance_id,
        "status": state.status(now).value,
        "closed_at": render_optional(state.plan.closed_at),
        "as_of": render(now),
        "plan": state.plan_document,
        "ledger": [firing.to_json() for firing in state.ledger],
        "applied": list(state.events),
        "occurred_at": {event.event_id: render(event.occurred_at) for event in state.events.values()},
        "set_aside": state.set_aside,
        "undelivered": list(state.outstanding),
        "unrecorded": len(state.not_recorded),
        "sequence": state.sequence,
        "snapshot": state.snapshot,
    }
