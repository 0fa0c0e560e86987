"""The store as its users hold it: one object, a part for each thing it keeps."""

from __future__ import annotations

from collections.abc import Sequence

from domain.catalog import Catalog
from domain.tickets import Ticket
from store.analytics import Analytics
from store.answers import Answers
from store.calendars import Calendars
from store.catalog import Catalogs
from store.chains import Chains
from store.claims import Claims
from store.clock import Clock, system_clock
from store.compliance import Compliance
from store.database import Database
from store.ims import Ims
from store.instances import Instances
from store.keys import Keys
from store.openings import Opening, Openings, Prepare
from store.organizations import Organizations
from store.policies import Policies
from store.replans import Replans
from store.teams import Teams
from store.tickets import Tickets
from store.upkeep import Upkeep


class Store:
    """Belongs to one event loop. Every method raises StoreUnavailable when the database cannot be reached."""

    def __init__(self, database: Database, now: Clock = system_clock) -> None:
        self.database = database
        self.organizations = Organizations(database, now)
        self.calendars = Calendars(database, now)
        self.policies = Policies(database, now)
        self.teams = Teams(database, now)
        self.instances = Instances(database, now)
        self.chains = Chains(database)
        self.replans = Replans(database, now)
        self.keys = Keys(database, now)
        self.answers = Answers(database, now)
        self.analytics = Analytics(database)
        self.compliance = Compliance(database)
        self.claims = Claims(database, now)
        self.ims = Ims(database, now)
        self.tickets = Tickets(database)
        self.upkeep = Upkeep(database, now)
        self._catalogs = Catalogs()
        self._openings = Openings(database, now, self._catalogs)

    @classmethod
    def open(cls, url: str, now: Clock = system_clock) -> Store:
        """Connects on first use."""
        return cls(Database(url), now)

    async def close(self) -> None:
        await self.database.close()

    async def catalog(self, organization: str) -> Catalog:
        """The organization's rules as they stand. Raises NotFound."""
        return await self.database.read(lambda conn: self._catalogs.of(conn, organization))

    async def openings(self, organization: str, tickets: Sequence[Ticket], prepare: Prepare) -> Sequence[Opening]:
        """See `Openings.of`."""
        return await self._openings.of(organization, tickets, prepare)
