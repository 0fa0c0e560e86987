"""The store: one object, with a part for each kind of thing that it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from domain.policy.catalog import Catalog
from domain.ticket.tickets import Ticket
from store.access.idempotent_requests import IdempotentRequests
from store.access.keys import Keys
from store.access.organizations import Organizations
from store.access.removal import Removal
from store.database.clock import Clock, system_clock
from store.database.connections import Database
from store.deliveries.attempts import Attempts
from store.deliveries.log import Deliveries
from store.deliveries.resends import Resends
from store.instances.chains import Chains
from store.instances.changes import ChangeLog
from store.instances.dimensions import Dimensions
from store.instances.instances import Instances
from store.instances.open_tickets import OpenTicketResult, OpenTickets, Prepare
from store.instances.replanned import ReplannedInstances
from store.instances.replans import Replans
from store.instances.tickets import Tickets
from store.instances.upkeep import Upkeep
from store.people.contacts import Contacts
from store.people.on_calls import OnCalls
from store.people.people import People
from store.rules.calendars import Calendars
from store.rules.catalog import Catalogs
from store.rules.claims import Claims
from store.rules.ims import Ims
from store.rules.policies import Policies
from store.rules.receivers import Receivers
from store.rules.teams import Teams
from store.rules.templates import Templates
from store.sources.bodies import HookBodies
from store.sources.settling import Settling
from store.sources.sources import Sources
from store.sources.writes import Writes

if TYPE_CHECKING:
    from store.analytics.compliance import Compliance
    from store.analytics.summaries import Analytics


class Store:
    """Belongs to one event loop.

    Every method of every part raises StoreUnavailable when the database cannot be reached.
    """

    def __init__(self, database: Database, now: Clock = system_clock) -> None:
        self.database = database
        self.organizations = Organizations(database, now)
        self.removal = Removal(database, now)
        self.calendars = Calendars(database, now)
        self.policies = Policies(database, now)
        self.teams = Teams(database, now)
        self.receivers = Receivers(database, now)
        self.templates = Templates(database, now)
        self.deliveries = Deliveries(database)
        self.attempts = Attempts(database, now)
        self.resends = Resends(database, now)
        self.contacts = Contacts(database, now)
        self.on_calls = OnCalls(database, now)
        self.people = People(database)
        self.instances = Instances(database, now)
        self.chains = Chains(database)
        self.changes = ChangeLog(database)
        self.dimensions = Dimensions(database)
        self.replans = Replans(database, now)
        self.replanned = ReplannedInstances(database)
        self.keys = Keys(database, now)
        self.idempotent_requests = IdempotentRequests(database, now)
        self.claims = Claims(database, now)
        self.ims = Ims(database, now)
        self.tickets = Tickets(database)
        self.upkeep = Upkeep(database, now)
        self.sources = Sources(database, now)
        self.hook_bodies = HookBodies(database, now)
        self.settling = Settling(database, now)
        self.source_writes = Writes(database, now)
        self._catalogs = Catalogs()
        self._open_tickets = OpenTickets(database, now, self._catalogs)

    @classmethod
    def open(cls, url: str, now: Clock = system_clock) -> Store:
        """A store that connects on first use."""
        return cls(Database(url), now)

    @cached_property
    def analytics(self) -> Analytics:
        from store.analytics.summaries import Analytics  # noqa: PLC0415 - with statements that no start needs

        return Analytics(self.database)

    @cached_property
    def compliance(self) -> Compliance:
        from store.analytics.compliance import Compliance  # noqa: PLC0415 - as above

        return Compliance(self.database)

    async def close(self) -> None:
        await self.database.close()

    async def catalog(self, organization: str) -> Catalog:
        """The organization's rules as they are now. Raises NotFound."""
        return await self.database.read(lambda conn: self._catalogs.find(conn, organization))

    async def open_tickets(
        self, organization: str, tickets: Sequence[Ticket], prepare: Prepare
    ) -> Sequence[OpenTicketResult]:
        """See `OpenTickets.open`."""
        return await self._open_tickets.open(organization, tickets, prepare)
