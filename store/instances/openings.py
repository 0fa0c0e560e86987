"""Opening tickets: the instances they have, or the policies they are about to start under, claimed for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from domain.plan.plans import Plan
from domain.policy.catalog import Catalog
from domain.policy.snapshot import Snapshot
from domain.ticket.tickets import Ticket
from store.database.clock import Clock
from store.database.connections import Database
from store.instances.instances import StoredInstance, find_instance
from store.rules.catalog import Catalogs
from store.rules.claims import Claim, claim_policy, hold_configuration


@dataclass(frozen=True, slots=True)
class Start:
    """What the instance of a ticket starts with: its snapshot and first plan; `expected` is what the event that comes
    along makes of that, None: none does."""

    snapshot: Snapshot
    plan: Plan
    expected: Plan | None = None


@dataclass(frozen=True, slots=True)
class OpenTicketResult:
    """What opening a ticket comes to: the instance it has, or a start under a policy that is claimed for it.

    Neither: no promise applies to it, though `policy_id` may; or `contested`, the claim on another policy that somebody
    else has made for the same ticket.
    """

    existing: StoredInstance | None = None
    start: Start | None = None
    policy_id: str | None = None
    contested: Claim | None = None


Prepare = Callable[[Catalog, Ticket], OpenTicketResult]
"""A ticket without an instance under the rules: a start, or none."""


@dataclass(frozen=True, slots=True)
class OpenTickets:
    database: Database
    now: Clock
    catalogs: Catalogs = field(repr=False)

    async def of(self, organization: str, tickets: Sequence[Ticket], prepare: Prepare) -> Sequence[OpenTicketResult]:
        """An opening for each ticket; nothing is written unless one of them starts.

        Whoever archives a policy sees the claims made here, or they are made under what is left without it. Raises
        NotFound for the organization, and what `prepare` raises; nothing is claimed then.
        """

        def look(conn: sa.Connection) -> tuple[Catalog, Sequence[OpenTicketResult]]:
            catalog = self.catalogs.of(conn, organization)
            return catalog, [_look(conn, catalog, ticket, prepare) for ticket in tickets]

        catalog, seen = await self.database.read(look)
        if not any(opening.start for opening in seen):
            return seen

        def work(conn: sa.Connection) -> Sequence[OpenTicketResult]:
            hold_configuration(conn, organization)
            if (newest := self.catalogs.of(conn, organization)) is not catalog:
                return [self._claimed(conn, organization, _look(conn, newest, ticket, prepare)) for ticket in tickets]
            return [self._claimed(conn, organization, opening) for opening in seen]

        return await self.database.write(work)

    def _claimed(self, conn: sa.Connection, organization: str, opening: OpenTicketResult) -> OpenTicketResult:
        if opening.start is None:
            return opening
        facts = opening.start.snapshot.facts
        if (existing := find_instance(conn, organization, facts.instance_id)) is not None:
            return OpenTicketResult(existing=existing)
        contested = claim_policy(conn, organization, Claim(facts.instance_id, facts.policy_id, self.now()))
        return opening if contested is None else OpenTicketResult(contested=contested)


def _look(conn: sa.Connection, catalog: Catalog, ticket: Ticket, prepare: Prepare) -> OpenTicketResult:
    existing = find_instance(conn, catalog.organization, str(ticket.instance))
    return prepare(catalog, ticket) if existing is None else OpenTicketResult(existing=existing)
