"""Taking an organization away: every row that it has, in portions, and of no other organization any."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from store.database.backends.writing import Work
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import moment
from store.schema.tables import api_keys, claims, instances, metadata, organizations
from store.schema.tenancy import own

LEAVING = "being taken away"
PORTION = 500
"""Rows that one transaction deletes at most: others wait no longer than that."""


@dataclass(frozen=True, slots=True)
class Removal:
    database: Database
    now: Clock

    async def begin(self, organization: str) -> None:
        """Nobody comes in any more: its keys are revoked, and it is nobody's demo. What it has goes by `sweep`."""
        now = moment(self.now())
        left = {"removed_at": now, "demo_of": None, "name": LEAVING}
        unlink = sa.update(organizations).where(own(organizations, organization)).values(**left)
        valid = sa.and_(own(api_keys, organization), api_keys.c.revoked_at.is_(None))
        revoke = sa.update(api_keys).where(valid).values(revoked_at=now)

        def work(conn: sa.Connection) -> None:
            conn.execute(unlink)
            conn.execute(revoke)

        await self.database.write(work)

    async def begun(self) -> Sequence[str]:
        """The organizations that are being taken away."""
        theirs = sa.select(organizations.c.id).where(organizations.c.removed_at.is_not(None))
        return await self.database.read(lambda conn: list(conn.scalars(theirs)))

    async def instances(self, organization: str) -> AsyncIterator[str]:
        """The ids of all instances that are recorded, or claimed because they are about to start."""
        for table, column in ((instances, instances.c.id), (claims, claims.c.instance_id)):
            last = ""
            while page := await self.database.read(_ids(table, column, organization, last)):
                for id_ in page:
                    yield id_
                last = page[-1]

    async def sweep(self, organization: str) -> int:
        """Delete all rows but the organization's own; return how many there were. One that others hold on to stays,
        and counts."""
        deleted = 0
        for table in reversed(metadata.sorted_tables):
            if table is organizations or "organization" not in table.c:
                continue
            while portion := await self._delete(table, organization):
                deleted += portion
                if portion < PORTION:
                    break
        return deleted

    async def finish(self, organization: str) -> None:
        """Delete the organization itself. Nothing happens where there is none."""
        this = sa.delete(organizations).where(own(organizations, organization))

        def work(conn: sa.Connection) -> None:
            conn.execute(this)

        await self.database.write(work)

    async def _delete(self, table: sa.Table, organization: str) -> int:
        key = list(table.primary_key)
        some = sa.select(*key).where(own(table, organization)).limit(PORTION)
        these = key[0].in_(some) if len(key) == 1 else sa.tuple_(*key).in_(some)
        # Said twice, so that a key that organizations share could not reach the rows of another.
        statement = sa.delete(table).where(own(table, organization), these)
        try:
            return await self.database.write(lambda conn: conn.execute(statement).rowcount)
        except sa.exc.IntegrityError:
            # Somebody has just written a row that refers to one of these: it is found with the next look.
            return 1


def _ids(table: sa.Table, column: sa.Column[str], organization: str, after: str) -> Work[Sequence[str]]:
    page = sa.select(column).where(own(table, organization), column > after).order_by(column).limit(PORTION)
    return lambda conn: list(conn.scalars(page))
