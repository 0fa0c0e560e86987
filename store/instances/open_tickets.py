"""Opening tickets: the instances they have, or the policies they are about to start under, claimed for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from domain.plan.plans import Plan
from domain.policy.catalog import Catalog
from domain.policy.snapshot import Snapshot
from domain.ticket.events import Event
from domain.ticket.tickets import Ticket
from store.database.clock import Clock
from store.database.connections import Database
from store.instances.instances import StoredInstance, find_instance
from store.rules.catalog import Catalogs
from store.rules.claims import Claim, claim_policy, hold_configuration


@dataclass(frozen=True, slots=True)
class ExistingInstance:
    """The ticket has an instance, recorded before."""

    stored: StoredInstance


@dataclass(frozen=True, slots=True)
class Start:
    """What the instance of a ticket starts with: its snapshot, first plan and opening, under a policy that is claimed.

    `expected` is what the event that comes along with the opening makes of the plan, None where no event does.
    """

    snapshot: Snapshot
    plan: Plan
    opened: Event
    expected: Plan | None = None


@dataclass(frozen=True, slots=True)
class NoPromise:
    """Nothing is promised to the ticket: no policy applies, or that of `policy_id` has no target for its priority."""

    policy_id: str | None = None


@dataclass(frozen=True, slots=True)
class ContestedClaim:
    """Another request holds a claim on another policy for the same ticket, made before the rules changed."""

    claim: Claim


OpenTicketResult = ExistingInstance | Start | NoPromise | ContestedClaim
"""What opening a ticket comes to."""

Prepare = Callable[[Catalog, Ticket], Start | NoPromise]
"""What a ticket without an instance gets under the rules."""


@dataclass(frozen=True, slots=True)
class OpenTickets:
    database: Database
    now: Clock
    catalogs: Catalogs = field(repr=False)

    async def open(self, organization: str, tickets: Sequence[Ticket], prepare: Prepare) -> Sequence[OpenTicketResult]:
        """A result for each ticket, in their order. Nothing is written unless one of them starts.

        Whoever archives a policy sees the claims that are made here; otherwise they are made under the rules without
        that policy. Raises NotFound for the organization, and whatever `prepare` raises; nothing is claimed then.
        """

        def look(conn: sa.Connection) -> tuple[Catalog, Sequence[OpenTicketResult]]:
            catalog = self.catalogs.find(conn, organization)
            return catalog, [_look(conn, catalog, ticket, prepare) for ticket in tickets]

        catalog, found = await self.database.read(look)
        if not any(isinstance(one, Start) for one in found):
            return found

        def work(conn: sa.Connection) -> Sequence[OpenTicketResult]:
            hold_configuration(conn, organization)
            if (newest := self.catalogs.find(conn, organization)) is not catalog:
                return [self._claimed(conn, organization, _look(conn, newest, ticket, prepare)) for ticket in tickets]
            return [self._claimed(conn, organization, one) for one in found]

        return await self.database.write(work)

    def _claimed(self, conn: sa.Connection, organization: str, result: OpenTicketResult) -> OpenTicketResult:
        if not isinstance(result, Start):
            return result
        facts = result.snapshot.facts
        if (stored := find_instance(conn, organization, facts.instance_id)) is not None:
            return ExistingInstance(stored)
        contested = claim_policy(conn, organization, Claim(facts.instance_id, facts.policy_id, self.now()))
        return result if contested is None else ContestedClaim(contested)


def _look(conn: sa.Connection, catalog: Catalog, ticket: Ticket, prepare: Prepare) -> OpenTicketResult:
    stored = find_instance(conn, catalog.organization, str(ticket.instance))
    return prepare(catalog, ticket) if stored is None else ExistingInstance(stored)
