"""What has changed since somebody looked last: cheap enough to be asked once a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from domain.instants import MINUTE, Instant
from store.database.backends.writing import Work
from store.database.connections import Database
from store.database.types import moment, optional_instant
from store.schema.tables import instance_records

SKEW = MINUTE
"""The clocks of two workers may differ by so much, or a transaction take so long."""


_NEVER = Instant(0)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a look ended: on SQLite the number of the last row, on PostgreSQL the oldest transaction that may still
    have been on its way, and when the newest record was written (on SQLite that is not needed)."""

    number: int
    newest: Instant


@dataclass(frozen=True, slots=True)
class Changes:
    """`organizations` have a record that was not there when the cursor was made. `cursor` is what to ask with next."""

    cursor: Cursor
    organizations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ChangeLog:
    """Every change of an instance is a record, and records are only ever added.

    On SQLite they are numbered as they are committed. On PostgreSQL a later number may be committed first, so there the
    transactions are compared: nothing is missed, and while one takes long an organization may be named twice.
    """

    database: Database

    async def since(self, cursor: Cursor | None) -> Changes:
        """None as the cursor finds where the log ends now, and names nobody. Raises StoreUnavailable."""
        return await self.database.read(_by_number(cursor) if self.database.is_sqlite else _by_transaction(cursor))

    async def listen(self, heard: Callable[[bool], None]) -> None:
        """Tell `heard` when it is worth while to look (PostgreSQL; see `Database.listen`)."""
        await self.database.listen(heard)


def _by_number(cursor: Cursor | None) -> Work[Changes]:
    table, number = instance_records, sa.literal_column("rowid", sa.Integer)

    def work(conn: sa.Connection) -> Changes:
        last = Cursor(conn.scalar(sa.select(sa.func.max(number)).select_from(table)) or 0, _NEVER)
        if cursor is None or last.number <= cursor.number:
            # Less than the cursor: the file was made anew, or compacted.
            return Changes(last)
        newer = sa.select(table.c.organization).where(number > cursor.number).distinct()
        return Changes(last, frozenset(conn.scalars(newer)))

    return work


_ON_ITS_WAY = sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
# Transaction numbers of rows have 32 bits and begin again; their ages can be compared.
_NEWER = sa.text("age(xmin) <= age(CAST(CAST(:number AS text) AS xid))")


def _by_transaction(cursor: Cursor | None) -> Work[Changes]:
    table = instance_records

    def work(conn: sa.Connection) -> Changes:
        number = conn.scalar(_ON_ITS_WAY)
        newest = optional_instant(conn.scalar(sa.select(sa.func.max(table.c.recorded_at)))) or _NEVER
        last = Cursor(number, newest)
        if cursor is None:
            return Changes(last)
        lately = table.c.recorded_at >= moment(Instant(max(0, cursor.newest - SKEW)))
        newer = sa.select(table.c.organization).where(lately, _NEWER.bindparams(number=cursor.number % 2**32))
        return Changes(last, frozenset(conn.scalars(newer.distinct())))

    return work
