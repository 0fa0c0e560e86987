"""The other instances of a ticket: what an escalation of one orders, the promise of the other kind is told, too."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from domain.ids import InstanceId, Kind, workflow_id
    from domain.instants import render
    from domain.policy.snapshot_facts import Facts
    from domain.ticket.events import Event, EventKind
    from workflows.messages import SIGNALS

_SIGNAL_OF = {kind: name for name, kind in SIGNALS.items()}


async def tell_siblings(facts: Facts, event: Event) -> None:
    """Send the event, under its own id, to the instances that the same ticket has of other kinds, if there are any."""
    own = facts.instance
    for kind in Kind:
        if kind is not own.kind:
            sibling = str(InstanceId(kind, own.subject_type, own.subject))
            await _tell(workflow_id(facts.organization, sibling), event)


async def _tell(sibling: str, event: Event) -> None:
    try:
        await workflow.get_external_workflow_handle(sibling).signal(_SIGNAL_OF[event.kind], _payload(event))
    except FailureError as error:
        if is_cancelled_exception(error):
            raise
        # There is none, or it is over.
        workflow.logger.info("%s is not told of %s: %s", sibling, event.event_id, error)


def _payload(event: Event) -> dict[str, Any]:
    assigned = event.kind is EventKind.ASSIGNED
    return {
        "event_id": event.event_id,
        "occurred_at": render(event.occurred_at),
        "source": event.source,
        "actor": {"role": event.role},
        "reason": event.reason,
        **({"team_id": event.team_id} if assigned else {"fields": dict(event.attributes)}),
    }
