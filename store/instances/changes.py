"""What has changed since somebody looked last: cheap enough to be asked once a second."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from domain.instants import SECOND, Instant
from store.database.connections import Database
from store.database.types import moment, optional_instant
from store.database.writing import Work
from store.schema.tables import instance_records

OVERLAP = 5 * SECOND
"""On PostgreSQL, a transaction may commit so much later than the instant that it has written."""


@dataclass(frozen=True, slots=True)
class Changes:
    """`organizations` are those with a record that was written behind the cursor. `cursor` is what to ask with next."""

    cursor: int
    organizations: frozenset[str]


@dataclass(frozen=True, slots=True)
class ChangeLog:
    """Every change of an instance is a record, and records are only ever added.

    SQLite numbers them as they are committed. PostgreSQL has no such number, so there the newest are read again for
    some seconds, and an organization may be named more than once for one change.
    """

    database: Database

    async def since(self, cursor: int | None) -> Changes:
        """None as the cursor finds where the log ends now, and names nobody. Raises StoreUnavailable."""
        return await self.database.read(self._numbered(cursor) if self.database.is_sqlite else self._dated(cursor))

    def _numbered(self, cursor: int | None) -> Work[Changes]:
        table, number = instance_records, sa.literal_column("rowid", sa.Integer)

        def work(conn: sa.Connection) -> Changes:
            last = conn.scalar(sa.select(sa.func.max(number)).select_from(table)) or 0
            if cursor is None or last <= cursor:
                # Less than the cursor: the file was made anew, or compacted.
                return Changes(last, frozenset())
            newer = sa.select(table.c.organization).where(number > cursor).distinct()
            return Changes(last, frozenset(conn.scalars(newer)))

        return work

    def _dated(self, cursor: int | None) -> Work[Changes]:
        table = instance_records

        def work(conn: sa.Connection) -> Changes:
            last = optional_instant(conn.scalar(sa.select(sa.func.max(table.c.recorded_at)))) or Instant(0)
            if cursor is None or last == cursor:
                return Changes(last, frozenset())
            since = moment(Instant(max(0, cursor - OVERLAP)))
            newer = sa.select(table.c.organization).where(table.c.recorded_at >= since).distinct()
            return Changes(last, frozenset(conn.scalars(newer)))

        return work
