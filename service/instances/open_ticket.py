"""Opening tickets, for every dialect: match, claim the policy, start. Also settling claims whose start failed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, assert_never

from domain.errors import EngineUnavailable, StoreUnavailable
from domain.instants import Instant
from domain.plan.planning import plan
from domain.plan.status import InstanceStatus
from domain.policy.catalog import Catalog
from domain.policy.field_deadlines import FieldDeadline, require_readable
from domain.policy.snapshot import Snapshot
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from domain.ticket.timeline import ticket_after
from service.dependencies import Dependencies
from service.instances.commands import revive, send
from service.instances.planned_events import remember_opening
from service.instances.reading.first_row import write_first_row
from service.instances.reading.views import FoundInstance, find_instance, found_in_store
from service.instances.signals import SOURCE, Signal, mint_event_id, occurred_at
from service.tools.concurrency import all_settled
from store.instances.open_tickets import (
    ContestedClaim,
    ExistingInstance,
    NoPromise,
    OpenTicketResult,
    Prepare,
    Start,
)
from store.rules.claims import Claim


@dataclass(frozen=True, slots=True)
class UntrackedTicket:
    """A ticket without an instance: no policy applies, or the one that does promises nothing for its priority."""

    ticket: Ticket
    policy_id: str | None

    def view(self) -> dict[str, Any]:
        instance = self.ticket.instance
        return {
            "id": None,
            "policy_id": self.policy_id,
            f"{instance.subject_type}_id": instance.subject,
            "kind": instance.kind.value,
            "priority": self.ticket.priority,
            "status": InstanceStatus.UNTRACKED.value,
            "targets": {},
        }


@dataclass(frozen=True, slots=True)
class OpenResult:
    found: FoundInstance
    created: bool


@dataclass(frozen=True, slots=True)
class TrackedTicket:
    """A ticket that has an instance now. `found` is None if Temporal had it already: it was not read."""

    ticket: Ticket
    found: FoundInstance | None
    created: bool


@dataclass(frozen=True, slots=True)
class OpeningEvents:
    """How instances begin: the event that opens them, and the signal that is sent with it.

    The opening of an organization that is being set up is quiet, whatever is asked here.
    """

    opened: Event
    signal: Signal | None = None


async def open_instance(
    deps: Dependencies, organization: str, ticket: Ticket, when: str | None, *, quiet: bool = False
) -> OpenResult | UntrackedTicket:
    """Start an instance for a ticket, or find the one it has.

    Raises Unavailable when store or Temporal do not answer.
    """
    now = deps.now()
    opened = Event(EventKind.OPENED, mint_event_id(), occurred_at(when, now), now, source=SOURCE, quiet=quiet)
    [outcome] = await open_instances(deps, organization, [ticket], opened)
    if isinstance(outcome, UntrackedTicket):
        return outcome
    found = outcome.found or await find_instance(deps, organization, str(ticket.instance))
    return OpenResult(found, outcome.created)


async def open_instances(
    deps: Dependencies, organization: str, tickets: Sequence[Ticket], opened: Event, signal: Signal | None = None
) -> Sequence[TrackedTicket | UntrackedTicket]:
    """The same for several tickets, which the event `opened` opens. All claims are made before the first one starts.

    All instances get the signal; it reaches Temporal together with the start. Raises InvalidValue and
    WorkingTimeExhausted, before anything starts, when opening and signal cannot be planned, and InvalidValue for a
    field that should hold a target's due instant and holds none.
    """

    def prepare(catalog: Catalog, ticket: Ticket) -> Start | NoPromise:
        snapshot = catalog.snapshot(ticket, deps.tzdata_version)
        if snapshot is None or not snapshot.targets:
            return NoPromise(None if snapshot is None else snapshot.policy.id)
        for target in snapshot.targets:
            if isinstance(target.budget, FieldDeadline):
                require_readable(target.budget.field, ticket.fields)
        return prepare_start(deps, snapshot, catalog.hushed(opened), signal)

    return await open_prepared(deps, organization, tickets, prepare, OpeningEvents(opened, signal))


def prepare_start(deps: Dependencies, snapshot: Snapshot, opened: Event, signal: Signal | None) -> Start:
    """What the instance starts with, and what the signal of one event makes of it. Raises as `plan` does.

    Of several events one that cannot be planned is set aside by the instance, and costs no other event its effect.
    """
    first = plan(snapshot, (opened,))
    event = None if signal is None else signal.event(Instant(max(deps.now(), opened.received_at + 1)))
    return Start(snapshot, first, opened, None if event is None else plan(snapshot, (opened, event)))


async def open_prepared(
    deps: Dependencies, organization: str, tickets: Sequence[Ticket], prepare: Prepare, opening: OpeningEvents
) -> Sequence[TrackedTicket | UntrackedTicket]:
    """The same with starts that the caller prepares."""
    results = await deps.store.open_tickets(organization, tickets, prepare)
    return await all_settled(
        _open(deps, organization, ticket, result, prepare, opening)
        for ticket, result in zip(tickets, results, strict=True)
    )


async def settle_claims(deps: Dependencies, organization: str, policy_id: str) -> None:
    """Drop the lapsed claims on a policy whose instances do not run.

    Raises EngineUnavailable when Temporal does not answer.
    """
    for claim in await deps.store.claims.lapsed(organization, policy_id):
        if not await deps.engine.is_running(organization, claim.instance_id):
            await deps.store.claims.drop(organization, claim)


async def _open(
    deps: Dependencies,
    organization: str,
    ticket: Ticket,
    result: OpenTicketResult,
    prepare: Prepare,
    opening: OpeningEvents,
) -> TrackedTicket | UntrackedTicket:
    match result:
        case ExistingInstance(stored):
            await _revive(deps, organization, ticket, opening)
            return TrackedTicket(ticket, found_in_store(stored), created=False)
        case Start() as start:
            return await _start(deps, organization, ticket, start, opening)
        case NoPromise(policy_id):
            return UntrackedTicket(ticket, policy_id)
        case ContestedClaim(claim):
            return await _contend(deps, organization, ticket, claim, prepare, opening)
        case _:
            assert_never(result)


async def _revive(deps: Dependencies, organization: str, ticket: Ticket, opening: OpeningEvents) -> None:
    """Have the instance run: its workflow may have been lost, so that only the store knows it."""
    try:
        await revive(deps, organization, str(ticket.instance), opening.signal)
    except EngineUnavailable:
        if opening.signal is not None:
            raise
        # The reconciler, which compares store and Temporal, starts it again (service/reconciling).


async def _contend(
    deps: Dependencies, organization: str, ticket: Ticket, other: Claim, prepare: Prepare, opening: OpeningEvents
) -> TrackedTicket | UntrackedTicket:
    """Resolve a claim that another request made before the rules changed.

    That request may be about to start the ticket.
    """
    if await deps.engine.is_running(organization, other.instance_id):
        return await _found(deps, organization, ticket, opening)
    if not deps.store.claims.has_lapsed(other):
        raise EngineUnavailable("The ticket is being opened by another request; try again.")
    await deps.store.claims.drop(organization, other)
    return (await open_prepared(deps, organization, [ticket], prepare, opening))[0]


async def _start(
    deps: Dependencies, organization: str, ticket: Ticket, start: Start, opening: OpeningEvents
) -> TrackedTicket:
    signal = () if opening.signal is None else (opening.signal.name, opening.signal.message)
    if not await deps.engine.start(start.snapshot, start.plan, start.opened, *signal):
        # A claim beside its row counts for nothing. Without a row it must stay, for the instance that exists.
        with suppress(StoreUnavailable):
            await deps.store.claims.release(organization, str(ticket.instance))
        return await _found(deps, organization, ticket, opening)
    # A slow store does not delay the answer: the instance is durable already.
    row = asyncio.create_task(write_first_row(deps, start))
    deps.background.add(row)
    row.add_done_callback(deps.background.discard)
    await asyncio.wait({row}, timeout=deps.timeouts.row)
    if start.expected is None:
        if row.done():
            remember_opening(deps, start)
        return TrackedTicket(ticket, FoundInstance(start.snapshot, start.plan, (), "workflow"), created=True)
    event = None if opening.signal is None else opening.signal.event(deps.now())
    left = ticket if event is None else ticket_after(ticket, [event])
    planned = FoundInstance(start.snapshot, start.expected, (), "planned", ticket=left)
    return TrackedTicket(ticket, planned, created=True)


async def _found(deps: Dependencies, organization: str, ticket: Ticket, opening: OpeningEvents) -> TrackedTicket:
    """Send the signal to the instance that Temporal has already."""
    if opening.signal is not None:
        await send(deps, organization, str(ticket.instance), opening.signal)
    return TrackedTicket(ticket, None, created=False)
