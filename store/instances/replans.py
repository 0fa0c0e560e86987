"""Replans that were made, and the instances that a replan compares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.errors import Conflict, NotFound
from domain.instants import Instant
from domain.record.records import refusal
from domain.ticket.events import Event, EventKind
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import holdable, instant, moment, optional_instant
from store.database.upserts import insert_missing, insert_new
from store.lists.listed import Found, Listed, ListPart, columns_of
from store.schema.tables import instance_events, instances, organizations, replan_instances, replans
from store.schema.tenancy import own

# Instances in one batch: the documents of all of them are in memory at once.
BATCH = 200
# Ids in one statement: SQLite takes no more than 32766 values.
_IDS = 1000

LISTED = Listed(
    columns_of(replans, "id", "reason", "actor", "applied_at", "undone_at"), "-applied_at", searched=("id", "reason")
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An instance as it is recorded, for comparing it under other rules."""

    id: str
    snapshot: Mapping[str, Any]
    plan: Mapping[str, Any]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class InstanceReplan:
    """What a replan does to one instance. `is_sent` is true once the instance may know it.

    `refused` is why the instance does not take it: nothing moves then.
    """

    instance_id: str
    rules_before: Mapping[str, Any]
    rules_after: Mapping[str, Any]
    moves: Sequence[Mapping[str, Any]]
    is_sent: bool = False
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Replan:
    """`request` is the body of the request.

    `calendar_before` is the version of the calendar before a closure changed it.
    """

    id: str
    request: Mapping[str, Any]
    reason: str
    actor: str
    applied_at: Instant
    undone_at: Instant | None = None
    calendar_id: str | None = None
    calendar_before: int | None = None

    @property
    def is_quiet(self) -> bool:
        return self.request.get("quiet") is True

    @property
    def event_id(self) -> str:
        """The id of the event that puts the rules in place."""
        return f"{_EVENT}{self.id}"

    @property
    def undo_id(self) -> str:
        """The id of the event that takes the rules back."""
        return f"{self.event_id}{_UNDO}"

    @property
    def last_id(self) -> str:
        """The id of the last event that is sent to the instances of the replan."""
        return self.event_id if self.undone_at is None else self.undo_id


_EVENT = "replan/"
_UNDO = "/undo"


@dataclass(frozen=True, slots=True)
class Replans:
    database: Database
    now: Clock

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

    async def begin(self, organization: str, replan: Replan) -> bool:
        """Begin the replan; false when there is one of that id.

        Waits for a transaction that is about to make it. From here to their commit, replans of one organization wait
        for each other.
        """
        row: dict[str, Any] = {
            "organization": organization,
            "id": replan.id,
            "request": replan.request,
            "reason": replan.reason,
            "actor": replan.actor,
            "applied_at": moment(replan.applied_at),
            "calendar_id": replan.calendar_id,
            "calendar_before": replan.calendar_before,
        }

        def work(conn: sa.Connection) -> bool:
            _lock(conn, organization)
            return insert_new(conn, replans, row)

        return await self.database.write(work)

    async def keep(self, organization: str, replan_id: str, changed: Sequence[InstanceReplan]) -> None:
        """Keep what the replan does to these instances. What is kept already stays as it is."""
        rows = [
            {
                "organization": organization,
                "replan_id": replan_id,
                "instance_id": one.instance_id,
                "rules_before": one.rules_before,
                "rules_after": one.rules_after,
                "moves": list(one.moves),
                "refused": None if one.refused is None else holdable(one.refused),
            }
            for one in changed
        ]

        def work(conn: sa.Connection) -> None:
            insert_missing(conn, replan_instances, rows)

        await self.database.write(work)

    async def find(self, organization: str, replan_id: str) -> Replan | None:
        this = own(replans, organization, id=replan_id)
        row = await self.database.read(lambda conn: conn.execute(sa.select(replans).where(this)).first())
        return None if row is None else _replan(row)

    async def get(self, organization: str, replan_id: str) -> Replan:
        """Raises NotFound."""
        found = await self.find(organization, replan_id)
        if found is None:
            raise NotFound(f"There is no replan {replan_id}.", field="replan_id", value=replan_id)
        return found

    async def list(self, organization: str, part: ListPart) -> Found[Replan]:
        """Newest first unless the part says otherwise."""
        theirs = own(replans, organization)
        return await self.database.read(
            lambda conn: LISTED.find(conn, sa.select(replans), replans, theirs, part).each(_replan)
        )

    async def changed(self, organization: str, replan_id: str) -> Sequence[InstanceReplan]:
        """What the replan does to each of its instances, in the order of their ids."""
        table = replan_instances
        these = own(replan_instances, organization, replan_id=replan_id)
        wanted = sa.select(table).where(these).order_by(table.c.instance_id)
        rows = await self.database.read(lambda conn: conn.execute(wanted).all())
        return [
            InstanceReplan(
                row.instance_id, row.rules_before, row.rules_after, row.moves, row.sent_at is not None, row.refused
            )
            for row in rows
        ]

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

    async def mark_sent(self, organization: str, replan_id: str, instance_ids: Sequence[str]) -> None:
        """Mark the instances as sent: they may know the replan from now on.

        Raises Conflict once the replan is being undone: nothing may be sent then.
        """
        this = own(replans, organization, id=replan_id)
        these = sa.and_(
            own(replan_instances, organization, replan_id=replan_id),
            replan_instances.c.instance_id.in_(instance_ids),
            replan_instances.c.sent_at.is_(None),
        )

        def work(conn: sa.Connection) -> None:
            row = conn.execute(sa.select(replans.c.undone_at).where(this).with_for_update()).one()
            if row.undone_at is not None:
                raise Conflict(f"{replan_id} was undone.", field="id", value=replan_id)
            conn.execute(sa.update(replan_instances).where(these).values(sent_at=moment(self.now())))

        await self.database.write(work)

    async def refuse(self, organization: str, replan_id: str, reasons: Mapping[str, str]) -> None:
        """Keep the reasons for which instances do not take the replan."""

        def work(conn: sa.Connection) -> None:
            for instance_id, reason in reasons.items():
                this = own(replan_instances, organization, replan_id=replan_id, instance_id=instance_id)
                conn.execute(sa.update(replan_instances).where(this).values(refused=holdable(reason)))

        await self.database.write(work)

    async def refusals(self, organization: str, replan_id: str) -> Mapping[str, str]:
        """The reasons by instance, for the instances that do not take the replan."""
        table = replan_instances
        these = sa.and_(own(replan_instances, organization, replan_id=replan_id), table.c.refused.is_not(None))
        wanted = sa.select(table.c.instance_id, table.c.refused).where(these).order_by(table.c.instance_id)
        return await self.database.read(lambda conn: {row.instance_id: row.refused for row in conn.execute(wanted)})

    async def undo(self, organization: str, replan: Replan) -> bool:
        """Mark the replan as undone; false when it is already.

        Raises Conflict, naming instances that a later replan has changed. Waits as `begin` does.
        """
        this = own(replans, organization, id=replan.id)

        def work(conn: sa.Connection) -> bool:
            _lock(conn, organization)
            row = conn.execute(sa.select(replans).where(this).with_for_update()).one()
            if row.undone_at is not None:
                return False
            later = (conn.scalars(_changed_since(organization, replan))).all()
            if later:
                names = ", ".join(later[:20])
                reason = f"Later replans have changed {len(later)} of its instances; undo those first: {names}"
                raise Conflict(reason, field="replan_id", value=replan.id)
            conn.execute(sa.update(replans).where(this).values(undone_at=moment(self.now())))
            return True

        return await self.database.write(work)


def _lock(conn: sa.Connection, organization: str) -> None:
    conn.execute(sa.select(organizations.c.id).where(own(organizations, organization)).with_for_update())


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    yield from (ids[start : start + _IDS] for start in range(0, len(ids), _IDS))


def _unanswered(organization: str, instance_ids: Sequence[str]) -> sa.Select[Any]:
    """What was sent to these instances, or is about to be, and is neither recorded nor refused.

    Each row also has what the instance has set aside.

    What was not sent before an undo is never sent.
    """
    mine, event = replan_instances, instance_events
    undo = sa.case((replans.c.undone_at.is_(None), ""), else_=_UNDO)
    event_id = sa.literal(_EVENT).concat(mine.c.replan_id).concat(undo)
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


def _changed_since(organization: str, replan: Replan) -> sa.Select[Any]:
    """Instances of the replan that a later replan has changed again, unless that one was undone."""
    mine, other = replan_instances.alias("mine"), replan_instances.alias("other")
    same = own(other, mine.c.organization, instance_id=mine.c.instance_id)
    stands = sa.and_(
        own(replans, other.c.organization, id=other.c.replan_id),
        replans.c.undone_at.is_(None),
        replans.c.applied_at > moment(replan.applied_at),
    )
    joined = mine.join(other, same).join(replans, stands)
    these = sa.and_(own(mine, organization, replan_id=replan.id), mine.c.refused.is_(None), other.c.refused.is_(None))
    return sa.select(mine.c.instance_id).select_from(joined).where(these).distinct().order_by(mine.c.instance_id)


def _replan(row: Any) -> Replan:
    return Replan(
        id=row.id,
        request=row.request,
        reason=row.reason,
        actor=row.actor,
        applied_at=instant(row.applied_at),
        undone_at=optional_instant(row.undone_at),
        calendar_id=row.calendar_id,
        calendar_before=row.calendar_before,
    )
