"""Tickets of the API v1: their own fields. How they are measured is recorded with their instances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa

from domain.errors import NotFound
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import Instant
from domain.policy.priorities import Priority
from domain.policy.snapshot import Snapshot
from domain.scrubbe.ticket_statuses import LIVING, History, StatusChange, TicketStatus
from store.database.any_of import AnyOf, each, is_any_of
from store.database.connections import Database
from store.database.counting import count_rows
from store.database.types import instant, moment, optional_instant
from store.database.upserts import insert_new
from store.instances.instances import StoredInstance, find_instances
from store.instances.writing.outcomes import BREACHED
from store.schema.tables import instance_targets, tickets
from store.schema.tenancy import own

RESPONSE, RESOLVE = "first_response", "resolution"


@dataclass(frozen=True, slots=True)
class StoredTicket:
    """`measured_from` is the instant from which the ticket is measured, None while measuring was off.

    `snapshot` holds the targets that the ticket got then, None if its priority had none. `version` counts the changes
    of the row.
    """

    id: str
    title: str
    description: str
    priority: Priority
    history: History
    created_at: Instant
    updated_at: Instant
    snapshot: Snapshot | None = None
    measured_from: Instant | None = None
    version: int = 1

    @property
    def status(self) -> TicketStatus:
        return self.history[-1].status

    @property
    def instance(self) -> InstanceId:
        """The id of the instance that measures the ticket, if one does."""
        return instance_of(self.id)

    @property
    def is_started(self) -> bool:
        """Whether there is such an instance."""
        return self.snapshot is not None and any(turn.status is TicketStatus.OPEN for turn in self.history)


@dataclass(frozen=True, slots=True)
class ListedTicket:
    """A ticket and its instance as the store has it when it is listed, None if nothing is measured or recorded."""

    ticket: StoredTicket
    instance: StoredInstance | None


class TicketFilters(TypedDict, total=False):
    """The filters of a list; None does not filter. `breached` is for the response and for the resolve window."""

    status: AnyOf[TicketStatus]
    priority: AnyOf[Priority]
    breached: AnyOf[tuple[bool, bool]]


@dataclass(frozen=True, slots=True)
class Tickets:
    database: Database

    async def create(self, organization: str, ticket: StoredTicket) -> StoredTicket:
        """Create the ticket, and return it. If there is one of its id, that one is returned."""
        row = {**_columns(ticket), "organization": organization, "id": ticket.id}

        def work(conn: sa.Connection) -> StoredTicket:
            insert_new(conn, tickets, {**row, "created_at": moment(ticket.created_at)})
            return _ticket((conn.execute(sa.select(tickets).where(own(tickets, organization, id=ticket.id)))).one())

        return await self.database.write(work)

    async def get(self, organization: str, ticket_id: str) -> StoredTicket:
        """Raises NotFound."""
        this = sa.select(tickets).where(own(tickets, organization, id=ticket_id))
        row = await self.database.read(lambda conn: conn.execute(this).first())
        if row is None:
            raise NotFound(f"ticket {ticket_id!r} does not exist", field="ticket_id", value=ticket_id)
        return _ticket(row)

    async def change(self, organization: str, changed: StoredTicket) -> StoredTicket | None:
        """The ticket in its next version.

        None when `changed` is not made of the newest version: nothing is changed then.
        """
        this = sa.and_(own(tickets, organization, id=changed.id), tickets.c.version == changed.version)
        following = replace(changed, version=changed.version + 1)
        changing = sa.update(tickets).where(this).values(_columns(following))
        return following if await self.database.write(lambda conn: conn.execute(changing).rowcount) else None

    async def list(
        self, organization: str, *, limit: int, offset: int, as_of: Instant, **filters: Unpack[TicketFilters]
    ) -> tuple[Sequence[ListedTicket], int]:
        """A page of tickets, newest first, and the number of all that match.

        A window is breached once its due is `as_of` or earlier.
        """
        wanted = sa.and_(own(tickets, organization), *_conditions(filters, as_of))
        page = sa.select(tickets).where(wanted).order_by(tickets.c.created_at.desc(), tickets.c.id)

        def work(conn: sa.Connection) -> tuple[Sequence[ListedTicket], int]:
            total = count_rows(conn, tickets, wanted)
            found = [_ticket(row) for row in conn.execute(page.limit(limit).offset(offset))]
            measured = [str(ticket.instance) for ticket in found if ticket.is_started]
            instances = find_instances(conn, organization, measured)
            return [ListedTicket(ticket, instances.get(str(ticket.instance))) for ticket in found], total

        return await self.database.read(work)

    async def unmeasured(self, organization: str, limit: int) -> Sequence[StoredTicket]:
        """At most `limit` tickets that are neither resolved nor closed, and were created while measuring was off."""
        living = tickets.c.status.in_([status.value for status in sorted(LIVING)])
        these = sa.and_(own(tickets, organization), living, tickets.c.measured_from.is_(None))

        def work(conn: sa.Connection) -> Sequence[StoredTicket]:
            rows = conn.execute(sa.select(tickets).where(these).order_by(tickets.c.id).limit(limit))
            return [_ticket(row) for row in rows]

        return await self.database.read(work)


def instance_of(ticket_id: str) -> InstanceId:
    return InstanceId(Kind.SLA, SubjectType.TICKET, ticket_id)


# The ids of tickets are made here, and have no characters that an instance id escapes.
INSTANCE_ID = sa.literal(str(instance_of("-")).removesuffix("-")) + tickets.c.id


def _conditions(filters: TicketFilters, as_of: Instant) -> Iterator[sa.ColumnElement[bool]]:
    for column in (tickets.c.status, tickets.c.priority):
        if (wanted := filters.get(column.name)) is not None:
            yield is_any_of(column, wanted)
    if (breached := filters.get("breached")) is not None:
        yield sa.or_(*(_breached_so(windows, as_of) for windows in each(breached)))


def _breached_so(windows: tuple[bool, bool], as_of: Instant) -> sa.ColumnElement[bool]:
    """Whether the response and the resolve window are breached as given."""
    exceeded = [(_exceeded(type_, as_of), is_so) for type_, is_so in zip((RESPONSE, RESOLVE), windows, strict=True)]
    return sa.and_(*(one if is_so else ~one for one, is_so in exceeded))


def _exceeded(type_: str, as_of: Instant) -> sa.ColumnElement[bool]:
    target = instance_targets.c
    clock = own(instance_targets, tickets.c.organization, instance_id=INSTANCE_ID, type=type_)
    # An expression, because SQLite would otherwise go along the index of ended clocks, once for each ticket.
    # An excused breach is one still.
    is_breach = sa.or_(target.outcome == BREACHED, target.came_to == BREACHED)
    breached_at = sa.case((is_breach, target.outcome_at))
    return sa.exists().where(clock, breached_at <= moment(as_of)).correlate(tickets)


def _columns(ticket: StoredTicket) -> dict[str, Any]:
    return {
        "title": ticket.title,
        "description": ticket.description,
        "priority": ticket.priority.value,
        "status": ticket.status.value,
        "version": ticket.version,
        "snapshot": None if ticket.snapshot is None else ticket.snapshot.to_json(),
        "measured_from": moment(ticket.measured_from),
        "history": [turn.to_json() for turn in ticket.history],
        "updated_at": moment(ticket.updated_at),
    }


def _ticket(row: Any) -> StoredTicket:
    return StoredTicket(
        id=row.id,
        title=row.title,
        description=row.description,
        priority=Priority(row.priority),
        history=tuple(StatusChange.from_json(turn) for turn in row.history),
        created_at=instant(row.created_at),
        updated_at=instant(row.updated_at),
        snapshot=None if row.snapshot is None else Snapshot.from_json(row.snapshot),
        measured_from=optional_instant(row.measured_from),
        version=row.version,
    )
