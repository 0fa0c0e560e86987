"""The store as its users hold it: one object, a part for each thing it keeps."""

from __future__ import annotations

from dataclasses import dataclass

from domain.catalog import Catalog
from store.analytics import Analytics
from store.answers import Answers
from store.calendars import Calendars
from store.catalog import Catalogs
from store.clock import Clock, system_clock
from store.database import Database
from store.instances import Instances, StoredInstance, find_instance
from store.keys import Keys
from store.organizations import Organizations
from store.policies import Policies
from store.teams import Teams


@dataclass(frozen=True, slots=True)
class Opening:
    """What creating an instance has to know first, seen at one moment."""

    existing: StoredInstance | None
    catalog: Catalog


class Store:
    """Belongs to one event loop. Every method raises StoreUnavailable when the database cannot be reached."""

    def __init__(self, database: Database, now: Clock = system_clock) -> None:
        self.database = database
        self.organizations = Organizations(database, now)
        self.calendars = Calendars(database, now)
        self.policies = Policies(database, now)
        self.teams = Teams(database, now)
        self.instances = Instances(database, now)
        self.keys = Keys(database, now)
        self.analytics = Analytics(database)
        self.answers = Answers(database, now)
        self._catalogs = Catalogs()

    @classmethod
    def open(cls, url: str, now: Clock = system_clock) -> Store:
        """Connects on first use."""
        return cls(Database(url), now)

    async def close(self) -> None:
        await self.database.close()

    async def catalog(self, organization: str) -> Catalog:
        """The organization's rules as they stand. Raises NotFound."""
        async with self.database.read() as conn:
            return await self._catalogs.of(conn, organization)

    async def opening(self, organization: str, instance_id: str) -> Opening:
        """The instance, if it is there, and the catalog, in one transaction. Raises NotFound for the organization."""
        async with self.database.read() as conn:
            existing = await find_instance(conn, organization, instance_id)
            return Opening(existing, await self._catalogs.of(conn, organization))
