"""The public contract of an instance's workflow: its names and its start input (docs/signals.md).

Everything is plain JSON, so that any Temporal SDK or the `temporal` CLI can send it. The shapes are in
workflows/documents.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from domain.plan.plans import Plan
from domain.policy.snapshot import Snapshot
from domain.ticket.events import Event, EventKind
from workflows.documents import Document, StartInput
from workflows.packing import pack

WORKFLOW_TYPE = "SlaInstance"
STATE_QUERY = "state"
PLANNED = "planned"
"""The update that brings an event together with its plan (decision 31). Ticket systems send signals."""
NOT_TAKEN = "not_taken"
"""The type of the failure with which such an update is turned away."""
# In a start input: the run after which the instance goes on, because that one ended before the instance was over.
AFTER: Final = "after"
CANCEL = "cancel"
RESET = "reset"
EXCUSE = "excuse"
UNDO_EXCUSE = "excuse:undo"

SIGNALS: Mapping[str, EventKind] = {
    "acknowledge": EventKind.ACKNOWLEDGED,
    "pause": EventKind.PAUSED,
    "resume": EventKind.RESUMED,
    "resolve": EventKind.RESOLVED,
    "reopen": EventKind.REOPENED,
    CANCEL: EventKind.CANCELLED,
    "update": EventKind.UPDATED,
    "assign": EventKind.ASSIGNED,
    "customer_reply": EventKind.CUSTOMER_REPLIED,
    "agent_reply": EventKind.AGENT_REPLIED,
    RESET: EventKind.RESET,
    EXCUSE: EventKind.EXCUSED,
    UNDO_EXCUSE: EventKind.EXCUSE_UNDONE,
}
"""What a ticket system may tell an instance."""

EVENTS = "events"
"""The signal that carries several events, which are planned and recorded as one step."""
REPLAN = "replan"
# REST calls the same event `updated`; whoever knows that name need not learn another one.
UPDATED = EventKind.UPDATED.value
ALL_SIGNALS: Mapping[str, EventKind] = {**SIGNALS, UPDATED: EventKind.UPDATED, REPLAN: EventKind.REPLANNED}


def start_input(snapshot: Snapshot, plan: Plan, opened: Event, *, recorded: bool = False) -> Document:
    """The input of an instance whose snapshot and first plan the caller has already made.

    With `recorded` the caller records the first step, too. If that fails, the step is recorded when the store is next
    compared with Temporal (service/reconciling).
    """
    start: StartInput = {"snapshot": snapshot.to_json(), "plan": plan.to_json(), "opened": opened.to_json()}
    if recorded:
        start["recorded"] = True
    return pack(start)


def signal_id(run_id: str, ordinal: int) -> str:
    """The event id of the run's `ordinal`-th signal when its sender gave none. It can be read off the history, too."""
    return f"{run_id}/{ordinal}"


def cancel_id(run_id: str) -> str:
    """The event id of a cancel request from the Temporal UI. A run takes one such request."""
    return f"{run_id}/cancel"


def summary(snapshot: Snapshot) -> str:
    """The one line an operator sees in the Temporal UI."""
    facts = snapshot.facts
    instance = facts.instance
    priority = f" ({facts.priority})" if facts.priority else ""
    return f"{instance.kind.upper()} of {instance.subject_type} {instance.subject}{priority}: {facts.policy_name}"[:200]
