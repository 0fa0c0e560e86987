"""Opening tickets, whatever the dialect: match, claim the policy, start; and the claims that came to nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from api.dependencies import Dependencies
from api.instances import SOURCE, Sighting, find_instance, mint_event_id, occurred_at, seen_in_store
from api.together import together
from domain.catalog import Catalog
from domain.errors import EngineUnavailable, StoreUnavailable
from domain.events import Event, EventKind
from domain.planning import plan
from domain.records import first_record
from domain.status import InstanceStatus
from domain.tickets import Ticket
from store.claims import Claim
from store.openings import Opening, Prepare, Start

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Untracked:
    """No policy applies, or the one that does promises nothing for this priority."""

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
class Opened:
    sighting: Sighting
    created: bool


@dataclass(frozen=True, slots=True)
class Tracked:
    """A ticket that has an instance now; `sighting` None: Temporal says that it had one, nobody has asked for more."""

    ticket: Ticket
    sighting: Sighting | None
    created: bool


async def open_instance(deps: Dependencies, organization: str, ticket: Ticket, when: str | None) -> Opened | Untracked:
    """Start an instance for a ticket, or find the one it has. Raises Unavailable when either side does not answer."""
    now = deps.now()
    opened = Event(EventKind.OPENED, mint_event_id(), occurred_at(when, now), now, source=SOURCE)
    [outcome] = await open_instances(deps, organization, [ticket], opened)
    if isinstance(outcome, Untracked):
        return outcome
    sighting = outcome.sighting or await find_instance(deps, organization, str(ticket.instance))
    return Opened(sighting, outcome.created)


async def open_instances(
    deps: Dependencies, organization: str, tickets: Sequence[Ticket], opened: Event
) -> Sequence[Tracked | Untracked]:
    """The same for several tickets that `opened` opens; their claims are made before the first of them starts."""

    def prepare(catalog: Catalog, ticket: Ticket) -> Opening:
        snapshot = catalog.snapshot(ticket, deps.tzdata_version)
        if snapshot is None or not snapshot.targets:
            return Opening(policy_id=None if snapshot is None else snapshot.policy.id)
        return Opening(start=Start(snapshot, plan(snapshot, (opened,))))

    return await open_prepared(deps, organization, tickets, prepare, opened)


async def open_prepared(
    deps: Dependencies, organization: str, tickets: Sequence[Ticket], prepare: Prepare, opened: Event
) -> Sequence[Tracked | Untracked]:
    """The same with starts that the caller prepares."""
    openings = await deps.store.openings(organization, tickets, prepare)
    return await together(
        _open(deps, organization, ticket, opening, prepare, opened)
        for ticket, opening in zip(tickets, openings, strict=True)
    )


async def settle_claims(deps: Dependencies, organization: str, policy_id: str) -> None:
    """Drop the claims of openings that came to nothing. Raises EngineUnavailable when Temporal cannot say which did."""
    for claim in await deps.store.claims.lapsed(organization, policy_id):
        if not await deps.engine.is_running(organization, claim.instance_id):
            await deps.store.claims.drop(organization, claim)


async def _open(
    deps: Dependencies, organization: str, ticket: Ticket, opening: Opening, prepare: Prepare, opened: Event
) -> Tracked | Untracked:
    if opening.existing is not None:
        return Tracked(ticket, seen_in_store(opening.existing), created=False)
    if opening.contested is not None:
        return await _contend(deps, organization, ticket, opening.contested, prepare, opened)
    if opening.start is not None:
        return await _start(deps, organization, ticket, opening.start, opened)
    return Untracked(ticket, opening.policy_id)


async def _contend(
    deps: Dependencies, organization: str, ticket: Ticket, other: Claim, prepare: Prepare, opened: Event
) -> Tracked | Untracked:
    """The rules have changed since another request claimed a policy for this ticket; it may be about to start it."""
    if await deps.engine.is_running(organization, other.instance_id):
        return Tracked(ticket, None, created=False)
    if not deps.store.claims.has_lapsed(other):
        raise EngineUnavailable("The ticket is being opened by another request; try again.")
    await deps.store.claims.drop(organization, other)
    return (await open_prepared(deps, organization, [ticket], prepare, opened))[0]


async def _start(deps: Dependencies, organization: str, ticket: Ticket, start: Start, opened: Event) -> Tracked:
    if not await deps.engine.start(start.snapshot, start.plan, opened):
        # Without a row the claim goes on standing for the instance that there is; beside one it counts for nothing.
        with suppress(StoreUnavailable):
            await deps.store.claims.release(organization, str(ticket.instance))
        return Tracked(ticket, None, created=False)
    # A store that is slow to take the row keeps nobody waiting: the instance is durable already.
    row = asyncio.create_task(_write_first_row(deps, start, opened))
    deps.background.add(row)
    row.add_done_callback(deps.background.discard)
    await asyncio.wait({row}, timeout=deps.patience.row)
    return Tracked(ticket, Sighting(start.snapshot, start.plan, (), "workflow"), created=True)


async def _write_first_row(deps: Dependencies, start: Start, opened: Event) -> None:
    # The workflow writes the same row; doing it here too lets the list show the instance at once.
    try:
        await deps.store.instances.apply(first_record(start.snapshot.to_json(), start.plan, opened))
    except Exception as error:  # noqa: BLE001 - the instance is durable already, whatever went wrong here
        log.warning("the first row of %s is left to its workflow: %s", start.snapshot.facts.instance_id, error)
