"""What was written to ticket systems: begun before a request leaves, so that its echo is recognised however soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from domain.instants import HOUR, MINUTE, Instant
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import holdable, instant, moment
from store.database.upserts import insert_new
from store.schema.tables import source_writes
from store.schema.tenancy import own

ECHO_WITHIN = HOUR
"""How long a change that was written is waited for. A comment bears a mark of its own, and has no such end."""
LONGEST_REASON = 500
MOST_PRUNED = 500


class WriteState(StrEnum):
    """`begun`: nobody knows whether it came to an end. `refused`: the ticket system will never take it."""

    BEGUN = "begun"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class NewWrite:
    """One action of a notice, for one ticket of the source."""

    key: str
    subject: str
    action: str
    value: str


@dataclass(frozen=True, slots=True)
class StoredWrite:
    """`is_new`: it was begun by this very call."""

    key: str
    subject: str
    action: str
    value: str
    state: WriteState
    reason: str
    begun_at: Instant
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Writes:
    database: Database
    now: Clock

    async def begin(self, organization: str, source_id: str, new: NewWrite) -> StoredWrite:
        """The write under this key: a new one, or what became of it before."""
        row = {
            "organization": organization,
            "source_id": source_id,
            "key": new.key,
            "subject": new.subject,
            "action": new.action,
            "value": holdable(new.value),
            "state": WriteState.BEGUN.value,
            "reason": "",
            "begun_at": moment(self.now()),
            "heard": None,
        }
        this = own(source_writes, organization, source_id=source_id, key=new.key)

        def work(conn: sa.Connection) -> StoredWrite:
            is_new = insert_new(conn, source_writes, row)
            return _stored(conn.execute(sa.select(source_writes).where(this)).one(), is_new=is_new)

        return await self.database.write(work)

    async def settle(self, organization: str, source_id: str, key: str, state: WriteState, reason: str = "") -> None:
        this = own(source_writes, organization, source_id=source_id, key=key)
        values = {"state": state.value, "reason": holdable(reason)[:LONGEST_REASON]}
        statement = sa.update(source_writes).where(this).values(values)
        await self.database.write(lambda conn: conn.execute(statement).rowcount)

    async def awaited(
        self, organization: str, source_id: str, subjects: Sequence[str], arrival: int, at: Instant
    ) -> Sequence[StoredWrite]:
        """What was written to these tickets and may come back in the body of that number, which came at that time.

        What that very body has told before is among it, so that it means the same when it is interpreted again.
        """
        table = source_writes
        mine = own(table, organization, source_id=source_id)
        unheard = sa.or_(table.c.heard.is_(None), table.c.heard == arrival)
        recent = sa.or_(table.c.action == "comment", table.c.begun_at >= moment(Instant(at - ECHO_WITHIN)))
        # What came before it was written is no echo; the clocks of machines differ a little.
        recent = sa.and_(recent, table.c.begun_at <= moment(Instant(at + MINUTE)))
        open_ = table.c.state != WriteState.REFUSED.value
        these = sa.and_(mine, table.c.subject.in_(subjects), unheard, recent, open_)
        query = sa.select(table).where(these).order_by(table.c.begun_at, table.c.key)
        return await self.database.read(lambda conn: [_stored(row) for row in conn.execute(query)])

    async def prune(self, before: Instant) -> int:
        """Remove what was begun before that instant, some of it; return how many went."""
        table = source_writes
        key = sa.tuple_(table.c.source_id, table.c.key)
        some = sa.select(table.c.source_id, table.c.key).where(table.c.begun_at < moment(before))
        statement = sa.delete(table).where(key.in_(some.limit(MOST_PRUNED).with_for_update(skip_locked=True)))
        return await self.database.write(lambda conn: int(conn.execute(statement).rowcount))


def _stored(row: Any, *, is_new: bool = False) -> StoredWrite:
    state = WriteState(row.state)
    at = instant(row.begun_at)
    return StoredWrite(row.key, row.subject, row.action, row.value, state, row.reason, at, is_new)
