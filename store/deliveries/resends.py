"""Deliveries that somebody wants sent once more: asked for here, taken up by any worker.

A worker that takes one up moves its time on by a lease. If the worker is killed, the time comes again and another one
sends it; if it was only slow, what it says later counts no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.errors import Conflict
from domain.instants import SECOND, Instant, Micros
from domain.record.deliveries import DeliveryKey, DeliveryState
from domain.record.records import DEAD, DELIVERED
from store.database.clock import Clock
from store.database.connections import Database
from store.database.counting import count_rows
from store.database.types import holdable, instant, moment
from store.deliveries.log import LoggedDelivery, find_delivery
from store.schema.tables import deliveries, notices
from store.schema.tenancy import own

LEASE = Micros(30 * SECOND)
_KEY = tuple(deliveries.primary_key)
_ASKED_NOW = {
    "resends": deliveries.c.resends + 1,
    # The attempt that had settled it is one of the earlier ones from now on.
    "earlier": deliveries.c.earlier + 1,
    "resend_tries": 0,
}


@dataclass(frozen=True, slots=True)
class Resend:
    """A delivery that a worker has taken up, with the notice as it was recorded. `tries` are those before."""

    key: DeliveryKey
    notice: Mapping[str, Any]
    tries: int
    until: Instant


@dataclass(frozen=True, slots=True)
class Resends:
    database: Database
    now: Clock

    async def ask(self, key: DeliveryKey) -> LoggedDelivery:
        """Raises NotFound, and Conflict for one that is on its way already, or was never to be sent."""
        this = own(deliveries, key.organization, instance_id=key.instance_id, notice_id=key.notice_id)
        values = {**_ASKED_NOW, "resend_at": moment(self.now())}
        asked = sa.update(deliveries).where(this, deliveries.c.channel == key.channel).values(values)

        def work(conn: sa.Connection) -> LoggedDelivery:
            found = find_delivery(conn, key)
            if found.state not in (DeliveryState.DELIVERED, DeliveryState.DEAD):
                raise Conflict(_WHY_NOT[found.state], field="delivery_id", value=key.id)
            conn.execute(asked)
            return find_delivery(conn, key)

        return await self.database.write(work)

    async def ask_dead(self, organization: str, receiver: str, since: Instant, limit: int) -> tuple[int, int]:
        """Have the dead letters of a receiver that were given up since an instant sent once more, the oldest first;
        return how many these are, and how many are left."""
        table = deliveries.c
        these = sa.and_(
            own(deliveries, organization, receiver=receiver),
            table.status == sa.literal_column(f"'{DEAD}'"),
            table.resend_at.is_(None),
            table.at >= moment(since),
        )
        some = sa.select(*_KEY).where(these).order_by(table.at, table.notice_id).limit(limit)
        values = {**_ASKED_NOW, "resend_at": moment(self.now())}
        asked = sa.update(deliveries).where(own(deliveries, organization), sa.tuple_(*_KEY).in_(some)).values(values)

        def work(conn: sa.Connection) -> tuple[int, int]:
            return int(conn.execute(asked).rowcount), count_rows(conn, deliveries, these)

        return await self.database.write(work)

    async def take_up(self, limit: int) -> Sequence[Resend]:
        """The deliveries whose time has come; no other worker takes them up until the lease is over."""
        table, now = deliveries.c, self.now()
        until = Instant(now + LEASE)
        # What was tried in vain must not hold up what was not tried yet.
        first = (table.resend_tries, table.resend_at)
        due = sa.select(*_KEY).where(table.resend_at <= moment(now)).order_by(*first).limit(limit)
        some = due.with_for_update(skip_locked=True)
        taken = sa.update(deliveries).where(sa.tuple_(*_KEY).in_(some)).values(resend_at=moment(until))
        rows = taken.returning(*_KEY, table.resend_tries)
        # A worker asks every second, and mostly there is nothing.
        is_any = sa.select(sa.exists().where(table.resend_at <= moment(now)))
        if not await self.database.read(lambda conn: conn.scalar(is_any)):
            return []

        def work(conn: sa.Connection) -> Sequence[Resend]:
            return [_resend(conn, row, until) for row in conn.execute(rows).all()]

        return await self.database.write(work)

    async def postpone(self, resend: Resend, began_at: Instant | None, until: Instant, error: str) -> bool:
        """It was tried in vain, or not at all (`began_at` is None), and is tried again then.

        False: another worker has it by now.
        """
        table = deliveries.c
        values: dict[str, Any] = {"resend_at": moment(until), "error": holdable(error)}
        if began_at is not None:
            values["tried_at"] = moment(began_at)
            values |= {"earlier": table.earlier + 1, "resend_tries": table.resend_tries + 1}
        return await self._settle(resend, values)

    async def taken(self, resend: Resend, began_at: Instant, at: Instant) -> bool:
        """Its receiver has taken it; one that had done so before keeps that instant. False as above."""
        table = deliveries.c
        first = sa.case((table.status == DELIVERED, table.at), else_=sa.literal(moment(at), table.at.type))
        values = {"status": DELIVERED, "at": first, "tried_at": moment(began_at), "error": "", "resend_at": None}
        return await self._settle(resend, values)

    async def given_up(self, resend: Resend, began_at: Instant | None, at: Instant, error: str) -> bool:
        """It is sent no more. What was delivered before stays delivered, and what was dead is dead anew. False as
        above."""
        table = deliveries.c
        first = sa.case((table.status == DELIVERED, table.at), else_=sa.literal(moment(at), table.at.type))
        tried = {} if began_at is None else {"tried_at": moment(began_at)}
        return await self._settle(resend, {"at": first, "error": holdable(error), "resend_at": None, **tried})

    async def _settle(self, resend: Resend, values: Mapping[str, Any]) -> bool:
        key = resend.key
        mine = own(
            deliveries,
            key.organization,
            instance_id=key.instance_id,
            notice_id=key.notice_id,
            channel=key.channel,
            resend_at=moment(resend.until),
        )
        statement = sa.update(deliveries).where(mine).values(values)
        return await self.database.write(lambda conn: conn.execute(statement).rowcount == 1)


_WHY_NOT = {
    DeliveryState.PENDING: "the notice is on its way already",
    DeliveryState.RETRIED: "the notice is on its way already, and is tried again",
    DeliveryState.SKIPPED: "the notice was for nobody, so there is no channel to send it through",
}


def _resend(conn: sa.Connection, row: Any, until: Instant) -> Resend:
    this = own(notices, row.organization, instance_id=row.instance_id, notice_id=row.notice_id)
    notice = conn.scalars(sa.select(notices.c.doc).where(this)).one()
    key = DeliveryKey(row.organization, row.instance_id, row.notice_id, row.channel)
    return Resend(key, notice, row.resend_tries, instant(moment(until)))
