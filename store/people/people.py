"""All that tells whom an organization means: contacts, on-calls and teams, read in one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from domain.ticket.teams import Team
from store.database.connections import Database
from store.people.contacts import StoredContact, every_contact
from store.people.on_calls import StoredOnCall, every_on_call
from store.rules.teams import live_teams


@dataclass(frozen=True, slots=True)
class StoredPeople:
    contacts: Sequence[StoredContact]
    on_calls: Sequence[StoredOnCall]
    teams: Sequence[Team]


@dataclass(frozen=True, slots=True)
class People:
    database: Database

    async def of(self, organization: str) -> StoredPeople:
        """None of them for an organization that does not exist."""

        def work(conn: sa.Connection) -> StoredPeople:
            return StoredPeople(
                every_contact(conn, organization), every_on_call(conn, organization), live_teams(conn, organization)
            )

        return await self.database.read(work)
