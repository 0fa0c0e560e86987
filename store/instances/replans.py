"""Replans that were made: what was asked, what each does to its instances, and which were undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.errors import Conflict, NotFound
from domain.instants import Instant
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import holdable, instant, moment, optional_instant
from store.database.upserts import insert_missing, insert_new
from store.lists.listed import Found, Listed, ListPart, columns_of
from store.schema.tables import organizations, replan_instances, replans
from store.schema.tenancy import own

EVENT = "replan/"
UNDO = "/undo"
"""What the ids of a replan's events begin and end with."""

LISTED = Listed(
    columns_of(replans, "id", "reason", "actor", "applied_at", "undone_at"), "-applied_at", searched=("id", "reason")
)


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
        return f"{EVENT}{self.id}"

    @property
    def undo_id(self) -> str:
        """The id of the event that takes the rules back."""
        return f"{self.event_id}{UNDO}"

    @property
    def last_id(self) -> str:
        """The id of the last event that is sent to the instances of the replan."""
        return self.event_id if self.undone_at is None else self.undo_id


@dataclass(frozen=True, slots=True)
class Replans:
    database: Database
    now: Clock

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
