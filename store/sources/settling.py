"""Bodies that wait, as one worker at a time sees them: it holds a lease on their source, and what it writes counts
only while the lease is its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from domain.errors import Outdated
from domain.instants import SECOND, Instant, Micros
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import holdable, moment
from store.database.upserts import replace
from store.schema.tables import hook_bodies, source_memories, source_writes, sources
from store.schema.tenancy import own
from store.sources.bodies import BodyState, StoredBody, stored_body

LEASE = Micros(20 * SECOND)
"""How long a worker that was killed keeps others from its source. Each body that is settled renews the lease."""
LONGEST_REASON = 500
MOST_FORGOTTEN = 500


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of a worker to settle the bodies of a source."""

    organization: str
    source_id: str
    worker: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a body: the outcome of each of its items, what is remembered of its tickets from now on, and the
    keys of the writes that it tells of."""

    state: BodyState
    outcomes: Sequence[Mapping[str, Any]]
    reason: str = ""
    remembered: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    heard: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Settling:
    database: Database
    now: Clock

    async def ready(self) -> Sequence[tuple[str, str]]:
        """The sources, with their organizations, that have a body whose time has come."""
        table = hook_bodies
        due = sa.or_(table.c.retry_at.is_(None), table.c.retry_at <= moment(self.now()))
        waiting = sa.exists().where(
            table.c.state == BodyState.STORED.value, own(table, sources.c.organization, source_id=sources.c.id), due
        )
        query = sa.select(sources.c.organization, sources.c.id).where(sources.c.enabled, waiting).order_by(sources.c.id)
        return await self.database.read(lambda conn: [(row[0], row[1]) for row in conn.execute(query)])

    async def lease(self, organization: str, source_id: str, worker: str) -> Lease | None:
        """None while another worker has it."""
        now = self.now()
        free = sa.or_(sources.c.leased_until.is_(None), sources.c.leased_until <= moment(now))
        this = sa.and_(own(sources, organization, id=source_id), sa.or_(free, sources.c.worker == worker))
        taken = sa.update(sources).where(this).values(worker=worker, leased_until=moment(Instant(now + LEASE)))
        done = await self.database.write(lambda conn: int(conn.execute(taken).rowcount))
        return Lease(organization, source_id, worker) if done else None

    async def release(self, lease: Lease) -> None:
        mine = own(sources, lease.organization, id=lease.source_id, worker=lease.worker)
        freed = sa.update(sources).where(mine).values(worker="", leased_until=None)
        await self.database.write(lambda conn: conn.execute(freed).rowcount)

    async def waiting(self, lease: Lease, after: int, limit: int) -> Sequence[StoredBody]:
        """Bodies that are still to be interpreted, in the order of their arrival, behind that number."""
        table = hook_bodies
        these = own(table, lease.organization, source_id=lease.source_id, state=BodyState.STORED.value)
        page = sa.select(table).where(these, table.c.arrival > after).order_by(table.c.arrival).limit(limit)
        return await self.database.read(lambda conn: [stored_body(row) for row in conn.execute(page)])

    async def remembered(
        self, organization: str, source_id: str, subjects: Sequence[str]
    ) -> Mapping[str, Mapping[str, Any]]:
        """What is remembered of these tickets, by their ids."""
        table = source_memories
        these = sa.and_(own(table, organization, source_id=source_id), table.c.subject.in_(subjects))
        query = sa.select(table.c.subject, table.c.doc).where(these)
        return await self.database.read(lambda conn: {row.subject: row.doc for row in conn.execute(query)})

    async def settle(self, lease: Lease, arrival: int, settlement: Settlement) -> None:
        """Write what became of a body together with what is remembered. Raises Outdated once the lease is lost."""
        now = moment(self.now())
        ours = {"organization": lease.organization, "source_id": lease.source_id, "updated_at": now}
        rows = [{**ours, "subject": subject, "doc": doc} for subject, doc in settlement.remembered.items()]
        values = {
            "state": settlement.state.value,
            "outcomes": list(settlement.outcomes),
            "reason": holdable(settlement.reason)[:LONGEST_REASON],
            "settled_at": now,
            "retry_at": None,
        }

        def work(conn: sa.Connection) -> None:
            self._renew(conn, lease)
            replace(conn, source_memories, rows)
            if settlement.heard:
                written = own(source_writes, lease.organization, source_id=lease.source_id)
                these = sa.and_(written, source_writes.c.key.in_(settlement.heard))
                conn.execute(sa.update(source_writes).where(these).values(heard=arrival))
            conn.execute(sa.update(hook_bodies).where(_waiting(lease, arrival)).values(values))

        await self.database.write(work)

    async def postpone(self, lease: Lease, arrival: int, retry_at: Instant, reason: str) -> None:
        """Leave a body for later. Raises Outdated once the lease is lost."""
        values = {
            "attempts": hook_bodies.c.attempts + 1,
            "retry_at": moment(retry_at),
            "reason": holdable(reason)[:LONGEST_REASON],
        }

        def work(conn: sa.Connection) -> None:
            self._renew(conn, lease)
            conn.execute(sa.update(hook_bodies).where(_waiting(lease, arrival)).values(values))

        await self.database.write(work)

    async def forget(self, before: Instant) -> int:
        """Forget some of the tickets that nothing was heard of since that instant; return how many went."""
        table = source_memories
        key = sa.tuple_(table.c.source_id, table.c.subject)
        some = sa.select(table.c.source_id, table.c.subject).where(table.c.updated_at < moment(before))
        statement = sa.delete(table).where(key.in_(some.limit(MOST_FORGOTTEN).with_for_update(skip_locked=True)))
        return await self.database.write(lambda conn: int(conn.execute(statement).rowcount))

    def _renew(self, conn: sa.Connection, lease: Lease) -> None:
        mine = own(sources, lease.organization, id=lease.source_id, worker=lease.worker)
        until = moment(Instant(self.now() + LEASE))
        if not conn.execute(sa.update(sources).where(mine).values(leased_until=until)).rowcount:
            raise Outdated(f"another worker applies what source {lease.source_id} has sent")


def _waiting(lease: Lease, arrival: int) -> sa.ColumnElement[bool]:
    stored = BodyState.STORED.value
    return own(hook_bodies, lease.organization, source_id=lease.source_id, arrival=arrival, state=stored)
