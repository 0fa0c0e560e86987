"""Instances as replans see them: those that there are to compare, and what each has made of what it was sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.instants import Instant
from domain.record.records import refusal
from domain.ticket.events import Event, EventKind
from store.database.connections import Database
from store.database.types import holdable, moment
from store.instances.replans import EVENT, UNDO
from store.schema.tables import instance_events, instances, replan_instances, replans
from store.schema.tenancy import own

# Instances in one batch: the documents of all of them are in memory at once.
BATCH = 200
# Ids in one statement: SQLite takes no more than 32766 values.
_IDS = 1000


@dataclass(frozen=True, slots=True)
class Candidate:
    """An instance as it is recorded, for comparing it under other rules."""

    id: str
    snapshot: Mapping[str, Any]
    plan: Mapping[str, Any]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class ReplannedInstances:
    database: Database

    async def candidates(
        self, organization: str, since: Instant | None, only: Sequence[str] | None, after: str
    ) -> Sequence[Candidate]:
        """At most `BATCH` instances behind the id `after`, in the order of their ids: those that are open.

        With `since`, also those that closed at that instant or later.
        """
        table = instances
        alive: sa.ColumnElement[bool] = table.c.closed_at.is_(None)
        if since is not None:
            alive = sa.or_(alive, table.c.closed_at >= moment(since))
        these = sa.and_(own(table, organization), table.c.snapshot_sequence > 0, table.c.id > after, alive)
        if only is not None:
            these = sa.and_(these, table.c.id.in_(only))
        wanted = sa.select(table.c.id, table.c.snapshot, table.c.plan).where(these).order_by(table.c.id).limit(BATCH)

        def work(conn: sa.Connection) -> Sequence[Candidate]:
            rows = conn.execute(wanted).all()
            mine = sa.and_(
                own(instance_events, organization), instance_events.c.instance_id.in_([row.id for row in rows])
            )
            events: dict[str, list[Event]] = {row.id: [] for row in rows}
            for event in conn.execute(sa.select(instance_events.c.instance_id, instance_events.c.doc).where(mine)):
                events[event.instance_id].append(Event.from_json(event.doc))
            return [Candidate(row.id, row.snapshot, row.plan, tuple(events[row.id])) for row in rows]

        return await self.database.read(work)

    async def unknown(self, organization: str, instance_ids: Iterable[str]) -> Sequence[str]:
        """The ids that no instance has, in the order given."""
        wanted = list(dict.fromkeys(instance_ids))

        def work(conn: sa.Connection) -> set[str]:
            known = set[str]()
            for some in _portions(wanted):
                these = sa.and_(own(instances, organization), instances.c.id.in_(some))
                known.update(conn.scalars(sa.select(instances.c.id).where(these)))
            return known

        known = await self.database.read(work)
        return [one for one in wanted if one not in known]

    async def recorded(self, organization: str, replan_id: str, event_id: str) -> frozenset[str]:
        """The ids of the replan's instances that have recorded the event."""
        event, mine = instance_events, replan_instances
        same = own(event, mine.c.organization, instance_id=mine.c.instance_id)
        these = sa.select(mine.c.instance_id).select_from(mine.join(event, same))

        def work(conn: sa.Connection) -> frozenset[str]:
            found = conn.scalars(
                these.where(
                    own(replan_instances, organization, replan_id=replan_id), event.c.event_id == holdable(event_id)
                )
            )
            return frozenset(found.all())

        return await self.database.read(work)

    async def received(self, organization: str, instance_ids: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """The ids of the replan events that each of the instances has recorded."""
        event, ids = instance_events, list(instance_ids)

        def work(conn: sa.Connection) -> Mapping[str, frozenset[str]]:
            found = defaultdict[str, set[str]](set)
            for some in _portions(ids):
                these = sa.and_(own(event, organization, kind=EventKind.REPLANNED.value), event.c.instance_id.in_(some))
                for row in conn.execute(sa.select(event.c.instance_id, event.c.event_id).where(these)):
                    found[row.instance_id].add(row.event_id)
            return {instance_id: frozenset(events) for instance_id, events in found.items()}

        return await self.database.read(work)

    async def unanswered(
        self, organization: str, instance_ids: Iterable[str], besides: str | None = None
    ) -> Mapping[str, Sequence[str]]:
        """The instances, by replan, that have not yet recorded what a replan sent them or is about to send.

        The replan `besides` is left out. An instance that set the event aside has answered.
        """
        ids = list(instance_ids)

        def work(conn: sa.Connection) -> Mapping[str, Sequence[str]]:
            waiting: dict[str, list[str]] = {}
            for some in _portions(ids):
                for row in conn.execute(_unanswered(organization, some)):
                    if row.replan_id != besides and refusal(row.set_aside, row.event_id) is None:
                        waiting.setdefault(row.replan_id, []).append(row.instance_id)
            return waiting

        return await self.database.read(work)

    async def set_aside(self, organization: str, replan_id: str, event_id: str) -> Mapping[str, str]:
        """The reasons for which instances of the replan set the event aside, as far as records still have them."""
        mine = replan_instances
        same = own(instances, mine.c.organization, id=mine.c.instance_id)
        these = sa.select(mine.c.instance_id, instances.c.set_aside).select_from(mine.join(instances, same))
        wanted = these.where(own(replan_instances, organization, replan_id=replan_id))
        rows = await self.database.read(lambda conn: conn.execute(wanted).all())
        found = {row.instance_id: refusal(row.set_aside, event_id) for row in rows}
        return {instance_id: reason for instance_id, reason in found.items() if reason is not None}


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    yield from (ids[start : start + _IDS] for start in range(0, len(ids), _IDS))


def _unanswered(organization: str, instance_ids: Sequence[str]) -> sa.Select[Any]:
    """What was sent to these instances, or is about to be, and is neither recorded nor refused.

    Each row also has what the instance has set aside.

    What was not sent before an undo is never sent.
    """
    mine, event = replan_instances, instance_events
    undo = sa.case((replans.c.undone_at.is_(None), ""), else_=UNDO)
    event_id = sa.literal(EVENT).concat(mine.c.replan_id).concat(undo)
    known = own(instances, mine.c.organization, id=mine.c.instance_id)
    of = own(replans, mine.c.organization, id=mine.c.replan_id)
    answered = sa.exists().where(own(event, mine.c.organization, instance_id=mine.c.instance_id, event_id=event_id))
    columns = (mine.c.replan_id, mine.c.instance_id, event_id.label("event_id"), instances.c.set_aside)
    return (
        sa.select(*columns)
        .select_from(mine.join(replans, of).join(instances, known))
        .where(
            own(mine, organization),
            mine.c.instance_id.in_(instance_ids),
            mine.c.refused.is_(None),
            sa.or_(replans.c.undone_at.is_(None), mine.c.sent_at.is_not(None)),
            ~answered,
        )
        .order_by(replans.c.applied_at, mine.c.instance_id)
    )
