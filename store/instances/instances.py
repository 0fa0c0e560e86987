"""Reading the projection of instances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import sqlalchemy as sa

from domain.instants import Instant
from domain.plan.plans import Plan
from domain.plan.status import InstanceStatus
from domain.policy.snapshot import Snapshot
from domain.record.deliveries import RETRIED
from domain.record.ledger import Firing, Key, Ledger
from domain.record.records import Delivery, Record, refusal
from domain.ticket.events import Event
from domain.ticket.tickets import Ticket
from store.database.clock import Clock
from store.database.connections import Database
from store.database.counting import count_rows
from store.database.plain import read_all
from store.database.types import instant, optional_instant
from store.instances.event_outcomes import EventKey, find_recorded
from store.instances.filters import Filters, are_few_of, conditions, shown
from store.instances.order import NEXT_DUE_FIRST, Order, Wanted
from store.instances.whole_lists import WholeList
from store.instances.writing import records
from store.lists.keys import Place
from store.lists.listed import Found
from store.schema.tables import deliveries, instance_events, instance_records, instances, milestones, notices
from store.schema.tenancy import OF_INSTANCE, OF_ORGANIZATION, own

_RECORDED = deliveries.c.status != RETRIED
"""Attempts in vain are noted by workers; no record tells of them."""


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """An instance as of its newest record. In a list, `status` is as of the instant for which the list was asked.

    `ticket` is the ticket as its events have left it.
    """

    id: str
    snapshot: Snapshot
    ticket: Ticket
    plan: Plan
    ledger: Ledger
    status: InstanceStatus
    sequence: int
    opened_at: Instant
    closed_at: Instant | None
    next_due_at: Instant | None
    recorded_at: Instant


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """A recorded event. `occurred_at` is that of its first arrival."""

    occurred_at: Instant


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """An event that the instance has set aside, and the reason."""

    reason: str


EventOutcome = RecordedEvent | RefusedEvent


@dataclass(frozen=True, slots=True)
class LoadedInstance:
    """Everything that a finished instance needs to go on, as it was recorded.

    `events` are in order of arrival. `undelivered` are the notices that are still on their way, each with its
    deliveries by channel. `ongoing` is what its newest step says. `is_complete` is false while the store lacks a record
    before `sequence`.
    """

    snapshot: Mapping[str, Any] | None
    plan: Mapping[str, Any]
    events: tuple[Event, ...]
    ledger: Ledger
    sequence: int
    set_aside: Mapping[str, Any]
    undelivered: tuple[tuple[Mapping[str, Any], tuple[Delivery, ...]], ...]
    ongoing: bool
    is_complete: bool
    recorded_at: Instant


@dataclass(frozen=True, slots=True)
class Instances:
    """Reads of instances. An instance appears once its opening is recorded, even if later steps came first."""

    database: Database
    now: Clock

    async def apply(self, record: Record) -> None:
        """Write a record.

        Raises ProjectionConflict when its key (organization, instance, sequence) holds other content.
        """
        await self.record(record)

    async def record(self, record: Record) -> Instant:
        """The same; the instant at which it is recorded, unless it was before."""
        recorded_at = self.now()
        await records.apply(self.database, recorded_at, record)
        return recorded_at

    async def get(self, organization: str, instance_id: str) -> StoredInstance | None:
        return await self.database.read(lambda conn: find_instance(conn, organization, instance_id))

    async def list(
        self, organization: str, *, limit: int, offset: int, as_of: Instant | None = None, **filters: Unpack[Filters]
    ) -> tuple[Sequence[StoredInstance], int]:
        """A page of instances, next due first, and the number of all that match; see `page`."""
        found = await self.page(organization, limit=limit, offset=offset, as_of=as_of, **filters)
        return found.rows, found.total

    async def page(
        self,
        organization: str,
        *,
        limit: int,
        offset: int = 0,
        order: Order = NEXT_DUE_FIRST,
        after: Place | None = None,
        as_of: Instant | None = None,
        **filters: Unpack[Filters],
    ) -> Found[StoredInstance]:
        """A page of instances in that order, behind the place `after` where one is given.

        Filters take `*_after <= instant < *_before`. A status, shown or filtered by, is as of `as_of`, which is now by
        default.
        """
        now = self.now() if as_of is None else as_of
        whole = WholeList.of(filters)

        def work(conn: sa.Connection) -> Found[StoredInstance]:
            few = are_few_of(conn, organization, filters)
            wanted = sa.and_(shown(organization, few), *conditions(organization, filters, now))
            # One more than is shown tells whether there is another page.
            if whole is not None and order.is_on_index and after is None:
                rows = whole.read(conn, organization, now, limit + 1, offset)
            else:
                rows = order.read(conn, organization, Wanted(wanted, now, after, few), limit + 1, offset)
            more, rows = len(rows) > limit, rows[:limit]
            if after is None and not more and (rows or not offset):
                # The page has the last of them.
                total = offset + len(rows)
            elif whole is not None:
                total = whole.count(conn, organization, is_long=more)
            else:
                total = count_rows(conn, instances, wanted)
            ledgers = _ledgers(conn, organization, [row.id for row in rows])
            found = [_stored(row, ledgers.get(row.id, ()), row.status_then) for row in rows]
            return Found(found, total, order.place(rows[-1], now) if more else None)

        return await self.database.read(work)

    async def load(self, organization: str, instance_id: str) -> LoadedInstance | None:
        this = own(instances, organization, id=instance_id)

        def work(conn: sa.Connection) -> LoadedInstance | None:
            row = conn.execute(sa.select(instances).where(this)).first()
            if row is None:
                return None
            events = _events(conn, organization, instance_id)
            ledgers = _ledgers(conn, organization, [instance_id])
            undelivered = _undelivered(conn, organization, instance_id)
            recorded = _count_records(conn, organization, instance_id)
            return LoadedInstance(
                snapshot=row.snapshot,
                plan=row.plan,
                events=events,
                ledger=ledgers.get(instance_id, ()),
                sequence=row.sequence,
                set_aside=row.set_aside,
                undelivered=undelivered,
                ongoing=row.ongoing,
                is_complete=recorded == row.sequence,
                recorded_at=instant(row.recorded_at),
            )

        return await self.database.read(work)

    async def ledger(self, organization: str, instance_id: str) -> Ledger:
        """What is recorded of its milestones."""
        return await self.database.read(lambda conn: _ledgers(conn, organization, [instance_id]).get(instance_id, ()))

    async def deliveries(self, organization: str, instance_id: str, notice_ids: Sequence[str]) -> Sequence[Delivery]:
        """The recorded deliveries of these notices of an instance."""
        table = deliveries
        of_instance = own(table, organization, instance_id=instance_id)
        wanted = sa.select(table).where(of_instance, table.c.notice_id.in_(notice_ids), _RECORDED)
        return await self.database.read(lambda conn: [_delivery(row) for row in conn.execute(wanted)])

    async def event_outcome(self, organization: str, instance_id: str, event_id: str) -> EventOutcome | None:
        """What is recorded of an event, None while nothing is. One statement, which reads no plan."""
        key = (organization, instance_id, event_id)
        return (await self.event_outcomes([key])).get(key)

    async def event_outcomes(self, wanted: Sequence[EventKey]) -> Mapping[EventKey, EventOutcome]:
        """The same for several events in one statement. Events of which nothing is recorded are left out."""
        return await self.database.read(lambda conn: dict(_event_outcomes(conn, wanted))) if wanted else {}


def _event_outcomes(conn: sa.Connection, wanted: Sequence[EventKey]) -> Iterator[tuple[EventKey, EventOutcome]]:
    for key, occurred_at, set_aside in find_recorded(conn, wanted):
        if occurred_at is not None:
            yield key, RecordedEvent(instant(occurred_at))
        elif (reason := refusal(set_aside, key[2])) is not None:
            yield key, RefusedEvent(reason)


def _undelivered(
    conn: sa.Connection, organization: str, instance_id: str
) -> tuple[tuple[Mapping[str, Any], tuple[Delivery, ...]], ...]:
    of_instance = own(notices, organization, instance_id=instance_id)
    unsettled = sa.and_(of_instance, notices.c.settled.is_(False))
    ours = sa.select(notices).where(unsettled).order_by(notices.c.sequence, notices.c.notice_id)
    found = conn.execute(ours).all()
    return tuple([(row.doc, _deliveries_of(conn, row)) for row in found])


def _deliveries_of(conn: sa.Connection, notice: sa.Row[Any]) -> tuple[Delivery, ...]:
    table = deliveries
    of_notice = own(table, notice.organization, instance_id=notice.instance_id, notice_id=notice.notice_id)
    rows = conn.execute(sa.select(table).where(of_notice, _RECORDED).order_by(table.c.channel))
    return tuple(map(_delivery, rows))


def _delivery(row: Any) -> Delivery:
    return Delivery(row.notice_id, row.channel, row.status, instant(row.at), row.error, optional_instant(row.tried_at))


_SHOWN = sa.select(instances).where(own(instances, OF_ORGANIZATION, id=OF_INSTANCE), instances.c.snapshot_sequence > 0)


def find_instance(conn: sa.Connection, organization: str, instance_id: str) -> StoredInstance | None:
    found = read_all(conn, _SHOWN, {"of_organization": organization, "of_instance": instance_id})
    if not found:
        return None
    row = found[0]
    return _stored(row, (_ledgers(conn, organization, [instance_id])).get(instance_id, ()), row.status)


def find_instances(conn: sa.Connection, organization: str, instance_ids: Sequence[str]) -> Mapping[str, StoredInstance]:
    """The instances that exist, by id."""
    if not instance_ids:
        return {}
    these = sa.and_(shown(organization), instances.c.id.in_(instance_ids))
    rows = conn.execute(sa.select(instances).where(these)).all()
    ledgers = _ledgers(conn, organization, [row.id for row in rows])
    return {row.id: _stored(row, ledgers.get(row.id, ()), row.status) for row in rows}


def _ledgers(conn: sa.Connection, organization: str, instance_ids: Sequence[str]) -> dict[str, Ledger]:
    """The firings of each instance, in the order in which they fired."""
    if not instance_ids:
        return {}
    table = milestones
    these = sa.and_(own(table, organization), table.c.instance_id.in_(instance_ids))
    order = (table.c.fired_at, table.c.planned_at, table.c.target, table.c.cycle, table.c.milestone, table.c.generation)
    ledgers: dict[str, Ledger] = {}
    for row in conn.execute(sa.select(table).where(these).order_by(*order)):
        ledgers[row.instance_id] = (*ledgers.get(row.instance_id, ()), _firing(row))
    return ledgers


def _events(conn: sa.Connection, organization: str, instance_id: str) -> tuple[Event, ...]:
    table = instance_events
    these = own(table, organization, instance_id=instance_id)
    docs = conn.scalars(sa.select(table.c.doc).where(these).order_by(table.c.sequence, table.c.position))
    return tuple(Event.from_json(doc) for doc in docs)


def _count_records(conn: sa.Connection, organization: str, instance_id: str) -> int:
    these = own(instance_records, organization, instance_id=instance_id)
    return count_rows(conn, instance_records, these)


def _firing(row: Any) -> Firing:
    return Firing(
        key=Key(row.target, row.cycle, row.milestone),
        generation=row.generation,
        planned_at=instant(row.planned_at),
        fired_at=instant(row.fired_at),
        withdrawn_at=optional_instant(row.withdrawn_at),
        delivered_at=optional_instant(row.delivered_at),
        skipped=row.skipped,
        outcomes=tuple(row.outcomes or ()),
    )


def _stored(row: Any, ledger: Ledger, status: str) -> StoredInstance:
    snapshot = Snapshot.from_json(row.snapshot)
    return StoredInstance(
        id=row.id,
        snapshot=snapshot,
        ticket=snapshot.ticket if row.ticket is None else Ticket.from_json(row.ticket, "ticket"),
        plan=Plan.from_json(row.plan),
        ledger=ledger,
        status=InstanceStatus(status),
        sequence=row.sequence,
        opened_at=instant(row.opened_at),
        closed_at=optional_instant(row.closed_at),
        next_due_at=optional_instant(row.next_due_at),
        recorded_at=instant(row.recorded_at),
    )
