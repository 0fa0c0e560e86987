"""Looking after the instances of all organizations: which are not over, which are overdue, which lack a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.instants import Instant
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import instant, moment, optional_instant
from store.schema.tables import instance_records, instances, upkeep
from store.schema.tenancy import own

PAGE = 500
Address = tuple[str, str]
"""Organization and instance id."""

_COLUMNS = (
    instances.c.organization,
    instances.c.id,
    instances.c.sequence,
    instances.c.ongoing,
    instances.c.recorded_at,
)
_ADDRESS = sa.tuple_(instances.c.organization, instances.c.id)


@dataclass(frozen=True, slots=True)
class RecordedInstance:
    """How far an instance is recorded. It is `ongoing` until nothing is left to happen and every notice is settled."""

    organization: str
    instance_id: str
    sequence: int
    ongoing: bool
    recorded_at: Instant

    @property
    def address(self) -> Address:
        return self.organization, self.instance_id


@dataclass(frozen=True, slots=True)
class OverdueInstances:
    """The number of instances with a milestone that should have fired, and when the earliest of these should have."""

    count: int
    since: Instant | None


@dataclass(frozen=True, slots=True)
class Upkeep:
    database: Database
    now: Clock

    async def ongoing(self, after: Address | None) -> Sequence[RecordedInstance]:
        """A page of the instances that are not over, in the order of their addresses, behind the address `after`."""
        wanted = sa.select(*_COLUMNS).where(instances.c.ongoing)
        if after is not None:
            wanted = wanted.where(sa.tuple_(*map(sa.literal, after)) < _ADDRESS)

        def work(conn: sa.Connection) -> Sequence[RecordedInstance]:
            rows = conn.execute(wanted.order_by(instances.c.organization, instances.c.id).limit(PAGE))
            return [_recorded(row) for row in rows]

        return await self.database.read(work)

    async def recorded(self, addresses: Sequence[Address]) -> Mapping[Address, RecordedInstance]:
        """The instances of these addresses that have a row. At most `PAGE` addresses may be given."""
        if not addresses:
            return {}
        these = _ADDRESS.in_([sa.tuple_(*map(sa.literal, address)) for address in addresses])
        rows = await self.database.read(lambda conn: conn.execute(sa.select(*_COLUMNS).where(these)).all())
        return {one.address: one for one in map(_recorded, rows)}

    async def gapped(self) -> Sequence[RecordedInstance]:
        """At most `PAGE` instances that lack a step before one that is recorded."""
        of_record = sa.select(instance_records.c.organization, instance_records.c.instance_id).where(
            instance_records.c.hash.is_(None)
        )
        wanted = sa.select(*_COLUMNS).where(_ADDRESS.in_(of_record)).limit(PAGE)
        return await self.database.read(lambda conn: [_recorded(row) for row in conn.execute(wanted)])

    async def sequences(self, address: Address) -> frozenset[int]:
        """The sequences of an instance's recorded steps."""
        organization, instance_id = address
        these = own(instance_records, organization, instance_id=instance_id)

        def work(conn: sa.Connection) -> frozenset[int]:
            return frozenset((conn.scalars(sa.select(instance_records.c.sequence).where(these))).all())

        return await self.database.read(work)

    async def overdue(self, before: Instant) -> OverdueInstances:
        late = _late(before)
        counted = sa.select(sa.func.count(), sa.func.min(instances.c.next_milestone_at)).where(late)
        count, earliest = await self.database.read(lambda conn: conn.execute(counted).one())
        return OverdueInstances(count, None if earliest is None else instant(earliest))

    async def overdue_instances(self, before: Instant) -> Sequence[RecordedInstance]:
        """At most `PAGE` instances with a milestone due before that instant, longest overdue first."""
        wanted = sa.select(*_COLUMNS).where(_late(before)).order_by(instances.c.next_milestone_at).limit(PAGE)
        return await self.database.read(lambda conn: [_recorded(row) for row in conn.execute(wanted)])

    async def compared_at(self) -> Instant | None:
        """The instant up to which the store was last found equal to Temporal, None if it was never compared."""
        return await self.database.read(lambda conn: optional_instant(conn.scalar(sa.select(upkeep.c.compared_at))))

    async def has_been_compared(self, at: Instant) -> None:
        def work(conn: sa.Connection) -> None:
            conn.execute(sa.update(upkeep).values(compared_at=moment(at)))

        await self.database.write(work)

    async def write(self) -> None:
        """Write something, to see whether the store takes writes. Raises StoreUnavailable."""

        def work(conn: sa.Connection) -> None:
            conn.execute(sa.update(upkeep).values(written_at=moment(self.now())))

        await self.database.write(work)


def _late(before: Instant) -> sa.ColumnElement[bool]:
    return sa.and_(instances.c.ongoing, instances.c.next_milestone_at < moment(before))


def _recorded(row: Any) -> RecordedInstance:
    return RecordedInstance(row.organization, row.id, row.sequence, row.ongoing, instant(row.recorded_at))
