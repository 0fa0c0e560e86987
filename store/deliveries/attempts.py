"""Attempts in vain, as workers note them: what is tried again for hours stands in the log from its first second on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from domain.instants import Instant
from domain.record.deliveries import NO_CHANNEL, RETRIED, DeliveryKey, parts_of
from domain.record.records import DEAD
from store.database.clock import Clock
from store.database.connections import Database
from store.database.plain import run_each
from store.database.types import holdable, moment
from store.database.upserts import adding
from store.schema.tables import deliveries, instances, notices
from store.schema.tenancy import own


@dataclass(frozen=True, slots=True)
class FailedAttempts:
    """How often a delivery was tried in vain since that was written last, and what the last attempt came to.

    `began_at` is None where nothing was sent: `error` then says what it waits for.
    """

    key: DeliveryKey
    count: int
    began_at: Instant | None
    ended_at: Instant
    error: str


@dataclass(frozen=True, slots=True)
class Attempts:
    database: Database
    now: Clock

    async def add(self, failed: Sequence[FailedAttempts]) -> Sequence[FailedAttempts]:
        """Write them; return those whose instance is not recorded yet. What a record says of a delivery stays."""

        def work(conn: sa.Connection) -> Sequence[FailedAttempts]:
            known = _known(conn, failed)
            rows = [_row(one) for one in failed if (one.key.organization, one.key.instance_id) in known]
            run_each(conn, _adding(conn.dialect.name), rows)
            return [one for one in failed if (one.key.organization, one.key.instance_id) not in known]

        return await self.database.write(work)

    async def end(self) -> int:
        """Mark as dead what was tried on a channel that is gone: its notice waits for no channel any more, and none has
        told what became of it. Return how many they are."""
        table, of = deliveries.c, notices.c
        settled = sa.exists().where(
            own(notices, table.organization, instance_id=table.instance_id, notice_id=table.notice_id), of.settled
        )
        ended = sa.update(deliveries).where(table.status == sa.literal_column(f"'{RETRIED}'"), settled)
        values = {"status": DEAD, "error": NO_CHANNEL, "at": moment(self.now())}
        return await self.database.write(lambda conn: int(conn.execute(ended.values(values)).rowcount))


def _known(conn: sa.Connection, failed: Iterable[FailedAttempts]) -> set[tuple[str, str]]:
    wanted: dict[str, set[str]] = {}
    for one in failed:
        wanted.setdefault(one.key.organization, set()).add(one.key.instance_id)
    found: set[tuple[str, str]] = set()
    for organization, ids in wanted.items():
        query = sa.select(instances.c.id).where(own(instances, organization), instances.c.id.in_(sorted(ids)))
        found |= {(organization, id_) for id_ in conn.scalars(query)}
    return found


def _row(one: FailedAttempts) -> Mapping[str, Any]:
    channel = one.key.channel or ""
    kind, receiver = parts_of(channel)
    return {
        "organization": one.key.organization,
        "instance_id": one.key.instance_id,
        "notice_id": one.key.notice_id,
        "channel": channel,
        "kind": kind,
        "receiver": receiver,
        "status": RETRIED,
        "at": moment(one.ended_at),
        "tried_at": None if one.began_at is None else moment(one.began_at),
        "error": holdable(one.error),
        "earlier": one.count,
        "sequence": 0,
    }


@cache
def _adding(dialect: str) -> Any:
    insert, table = adding(dialect, deliveries), deliveries.c
    is_open = table.status == sa.literal_column(f"'{RETRIED}'")
    said = {name: insert.excluded[name] for name in ("at", "error")}
    said["tried_at"] = sa.func.coalesce(insert.excluded.tried_at, table.tried_at)
    newer = {name: sa.case((is_open, value), else_=table[name]) for name, value in said.items()}
    counted = {"earlier": table.earlier + insert.excluded.earlier}
    return insert.on_conflict_do_update(
        index_elements=["organization", "instance_id", "notice_id", "channel"], set_={**newer, **counted}
    )
