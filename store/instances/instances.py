"""Reading the projection of instances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack, cast

import sqlalchemy as sa

from domain.ids import Kind, SubjectType
from domain.instants import Instant
from domain.plan.plans import Plan
from domain.plan.status import InstanceStatus
from domain.policy.snapshot import Snapshot
from domain.record.ledger import Firing, Key, Ledger
from domain.record.records import Delivery, Record, refusal
from domain.ticket.events import Event
from store.database.clock import Clock
from store.database.connections import Database
from store.database.counting import count_rows
from store.database.types import instant, moment, optional_instant
from store.instances import records
from store.instances.event_outcomes import EventKey, find_recorded
from store.schema.tables import deliveries, instance_events, instance_records, instances, milestones, notices
from store.schema.tenancy import own


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """An instance as of its newest record; `status` too, and in a list as of the moment the list was asked for."""

    id: str
    snapshot: Snapshot
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
    """An event that is recorded; `occurred_at` is that of its first arrival."""

    occurred_at: Instant


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """An event that the instance does not take, and why."""

    reason: str


EventOutcome = RecordedEvent | RefusedEvent


@dataclass(frozen=True, slots=True)
class LoadedInstance:
    """All that a finished instance needs to go on, in the form it was recorded.

    `events` are in order of arrival; `undelivered` are notices on their way, each with the channels that settled it.
    `is_complete` is false while the store still lacks a record before `sequence`.
    """

    snapshot: Mapping[str, Any] | None
    plan: Mapping[str, Any]
    events: tuple[Event, ...]
    ledger: Ledger
    sequence: int
    set_aside: Mapping[str, Any]
    undelivered: tuple[tuple[Mapping[str, Any], tuple[Delivery, ...]], ...]
    is_complete: bool
    recorded_at: Instant


class Filters(TypedDict, total=False):
    """What a list may be narrowed to; None narrows nothing."""

    status: InstanceStatus | None
    policy_id: str | None
    priority: str | None
    subject_type: SubjectType | None
    subject: str | None
    kind: Kind | None
    due_after: Instant | None
    due_before: Instant | None
    opened_after: Instant | None
    opened_before: Instant | None


_EARLIEST = {"due_after": instances.c.next_due_at, "opened_after": instances.c.opened_at}
_END = {"due_before": instances.c.next_due_at, "opened_before": instances.c.opened_at}


@dataclass(frozen=True, slots=True)
class Instances:
    """An instance shows once its opening is recorded, whatever was recorded before that."""

    database: Database
    now: Clock

    async def apply(self, record: Record) -> None:
        """Raises ProjectionConflict when the key (organization, instance, sequence) holds other content."""
        await records.apply(self.database, self.now, record)

    async def get(self, organization: str, instance_id: str) -> StoredInstance | None:
        return await self.database.read(lambda conn: find_instance(conn, organization, instance_id))

    async def list(
        self, organization: str, *, limit: int, offset: int, as_of: Instant | None = None, **filters: Unpack[Filters]
    ) -> tuple[Sequence[StoredInstance], int]:
        """A page, next due first, those without a due instant last and newest first; and how many there are.

        `*_after <= instant < *_before`. Statuses, those shown and the one asked for, are as of `as_of`, else now.
        """
        status = _status_at(self.now() if as_of is None else as_of)
        wanted = sa.and_(_shown(organization), *_conditions(filters, status))
        few = filters.get("subject") is not None
        page = _in_order(wanted, status, few).limit(limit).offset(offset)

        def work(conn: sa.Connection) -> tuple[Sequence[StoredInstance], int]:
            total = count_rows(conn, instances, wanted)
            rows = conn.execute(page).all()
            ledgers = _ledgers(conn, organization, [row.id for row in rows])
            found = [_stored(row, ledgers.get(row.id, ()), row.status_then) for row in rows]
            return found, total

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
                is_complete=recorded == row.sequence,
                recorded_at=instant(row.recorded_at),
            )

        return await self.database.read(work)

    async def deliveries(self, organization: str, instance_id: str, notice_ids: Sequence[str]) -> Sequence[Delivery]:
        """How notices of an instance have fared, as far as is recorded."""
        table = deliveries
        of_instance = own(table, organization, instance_id=instance_id)
        wanted = sa.select(table).where(of_instance, table.c.notice_id.in_(notice_ids))
        return await self.database.read(lambda conn: [_delivery(row) for row in conn.execute(wanted)])

    async def event_outcome(self, organization: str, instance_id: str, event_id: str) -> EventOutcome | None:
        """What is recorded of an event, in one statement that reads no plan; None while nothing is."""
        key = (organization, instance_id, event_id)
        return (await self.event_outcomes([key])).get(key)

    async def event_outcomes(self, wanted: Sequence[EventKey]) -> Mapping[EventKey, EventOutcome]:
        """The same for several events, in one look at them all; those of which nothing is recorded are left out."""
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
    rows = conn.execute(sa.select(table).where(of_notice).order_by(table.c.channel))
    return tuple(map(_delivery, rows))


def _delivery(row: Any) -> Delivery:
    return Delivery(row.notice_id, row.channel, row.status, instant(row.at), row.error)


def find_instance(conn: sa.Connection, organization: str, instance_id: str) -> StoredInstance | None:
    this = sa.and_(_shown(organization), instances.c.id == instance_id)
    row = conn.execute(sa.select(instances).where(this)).first()
    if row is None:
        return None
    return _stored(row, (_ledgers(conn, organization, [instance_id])).get(instance_id, ()), row.status)


def find_instances(conn: sa.Connection, organization: str, instance_ids: Sequence[str]) -> Mapping[str, StoredInstance]:
    """Those that there are, by id."""
    if not instance_ids:
        return {}
    these = sa.and_(_shown(organization), instances.c.id.in_(instance_ids))
    rows = conn.execute(sa.select(instances).where(these)).all()
    ledgers = _ledgers(conn, organization, [row.id for row in rows])
    return {row.id: _stored(row, ledgers.get(row.id, ()), row.status) for row in rows}


def _shown(organization: str) -> sa.ColumnElement[bool]:
    # Written out, because a partial index serves only a statement that says what it holds.
    return sa.and_(own(instances, organization), instances.c.snapshot_sequence > sa.literal_column("0"))


def _conditions(filters: Filters, status: sa.ColumnElement[str]) -> Iterator[sa.ColumnElement[bool]]:
    for name, value in filters.items():
        if value is None:
            continue
        if name in _EARLIEST:
            yield _EARLIEST[name] >= moment(cast("Instant", value))
        elif name in _END:
            yield _END[name] < moment(cast("Instant", value))
        else:
            yield (status if name == "status" else instances.c[name]) == str(value)


def _status_at(now: Instant) -> sa.ColumnElement[str]:
    """What a list goes by: an open clock is breached when its due has passed, also while nobody has recorded it yet."""
    passed = instances.c.next_due_at <= moment(now)
    return sa.case((passed, InstanceStatus.BREACHED.value), else_=instances.c.status)


def _in_order(wanted: sa.ColumnElement[bool], status: sa.ColumnElement[str], few: bool) -> sa.Select[Any]:
    """`few`: they are found first and sorted then; otherwise all there are may be gone through in their order."""
    table = instances
    last: tuple[Any, ...] = (table.c.next_due_at.asc().nulls_last(),)
    if few:
        # No index has this order, so that SQLite does not take the one that has the order for the one that finds them.
        last = (table.c.next_due_at.is_(None), table.c.next_due_at)
    order = (*last, table.c.opened_at.desc(), table.c.id)
    return sa.select(table, status.label("status_then")).where(wanted).order_by(*order)


def _ledgers(conn: sa.Connection, organization: str, instance_ids: Sequence[str]) -> dict[str, Ledger]:
    """The firings of each instance, in the order they fired."""
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
    )


def _stored(row: Any, ledger: Ledger, status: str) -> StoredInstance:
    return StoredInstance(
        id=row.id,
        snapshot=Snapshot.from_json(row.snapshot),
        plan=Plan.from_json(row.plan),
        ledger=ledger,
        status=InstanceStatus(status),
        sequence=row.sequence,
        opened_at=instant(row.opened_at),
        closed_at=optional_instant(row.closed_at),
        next_due_at=optional_instant(row.next_due_at),
        recorded_at=instant(row.recorded_at),
    )
