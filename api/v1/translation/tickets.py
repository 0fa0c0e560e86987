"""Scrubbe's ticket as an instance of the engine: its snapshot, the signals of its statuses, and its view."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from domain.instants import Instant, render, render_optional
from domain.plan.milestones import AUTOMATIC
from domain.plan.plans import Plan
from domain.plan.status import exceeded
from domain.policy.catalog import Catalog
from domain.policy.snapshot import Snapshot
from domain.record.ledger import Ledger, standing
from domain.scrubbe.ticket_statuses import TicketStatus, first_at, resolved_at
from domain.ticket.origins import Origin
from domain.ticket.tickets import Ticket
from store.instances.tickets import RESOLVE, RESPONSE, StoredTicket
from workflows.messages import SIGNALS

ID_PREFIX = "tick"
SIGNAL_OF = {kind: name for name, kind in SIGNALS.items()}


class BreachType(StrEnum):
    NONE = "NONE"
    RESPONSE_BREACH = "RESPONSE_BREACH"
    RESOLVE_BREACH = "RESOLVE_BREACH"
    BOTH = "BOTH"


BREACHED: Mapping[BreachType, tuple[bool, bool]] = {
    BreachType.NONE: (False, False),
    BreachType.RESPONSE_BREACH: (True, False),
    BreachType.RESOLVE_BREACH: (False, True),
    BreachType.BOTH: (True, True),
}
"""Whether the response window and whether the resolve window was exceeded."""
_BREACH_TYPES = {windows: type_ for type_, windows in BREACHED.items()}


class Clocks(Protocol):
    """An instance as its workflow or the store shows it."""

    @property
    def plan(self) -> Plan: ...

    @property
    def ledger(self) -> Ledger: ...


def event_id_of(ticket: StoredTicket, status: TicketStatus) -> str:
    """The event id, which is the same for every attempt to turn this version of the ticket to the status."""
    return f"{ticket.id}/{ticket.version}/{status}"


def promised(ticket: StoredTicket, catalog: Catalog, tzdata_version: str) -> Snapshot | None:
    """What the rules promise to the ticket; None where they promise nothing."""
    measured = Ticket(ticket.instance, ticket.priority.value, origin=Origin.V1)
    snapshot = catalog.snapshot(measured, tzdata_version)
    return snapshot if snapshot is not None and snapshot.targets else None


def ticket_view(ticket: StoredTicket, clocks: Clocks | None, now: Instant) -> dict[str, Any]:
    return {
        "id": ticket.id,
        "title": ticket.title,
        "description": ticket.description,
        "priority": ticket.priority.value,
        "status": ticket.status.value,
        **_targets(ticket.snapshot),
        **_standing(clocks, now),
        **_escalation(ticket.snapshot, clocks),
        "openedAt": render_optional(first_at(ticket.history, TicketStatus.OPEN)),
        "acknowledgedAt": render_optional(first_at(ticket.history, TicketStatus.ACKNOWLEDGED)),
        "resolvedAt": render_optional(resolved_at(ticket.history)),
        "createdAt": render(ticket.created_at),
        "updatedAt": render(ticket.updated_at),
        "instanceId": str(ticket.instance) if ticket.is_started else None,
    }


def _targets(snapshot: Snapshot | None) -> dict[str, Any]:
    budgets = {} if snapshot is None else {target.type: target.minutes for target in snapshot.targets}
    return {
        "slaPolicyId": None if snapshot is None else snapshot.policy.id,
        "slaResponseTimeMinutes": budgets.get(RESPONSE),
        "slaResolveTimeMinutes": budgets.get(RESOLVE),
    }


def _standing(clocks: Clocks | None, now: Instant) -> dict[str, Any]:
    response, resolve = (None if clocks is None else clocks.plan.target(type_) for type_ in (RESPONSE, RESOLVE))
    windows = (response is not None and exceeded(response, now), resolve is not None and exceeded(resolve, now))
    return {
        "slaBreachType": _BREACH_TYPES[windows].value,
        "slaResponseDueAt": render_optional(response.due_at if response else None),
        "slaResolveDueAt": render_optional(resolve.due_at if resolve else None),
    }


def _escalation(snapshot: Snapshot | None, clocks: Clocks | None) -> dict[str, Any]:
    """Where the first breach that is not withdrawn was routed to."""
    ledger = () if clocks is None else clocks.ledger
    routed = [one.fired_at for one in standing(ledger).values() if one.key.milestone == AUTOMATIC and not one.skipped]
    contact = snapshot.policy.escalation_contact if snapshot is not None and routed else None
    return {"escalatedTo": contact, "escalatedAt": render_optional(min(routed, default=None))}
