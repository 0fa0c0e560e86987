"""What tickets have of the dimensions of their organization: what lists are narrowed and reports grouped by.

They are written with the record that opens or changes a ticket. Where an organization declares other dimensions, they
are filled in for the instances that are there (`Dimensions.fill`). Each instance says by which version of them its
values were written, so that the record that was being written meanwhile is found, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from domain.record.records import Record
from domain.ticket.dimensions import key_of_value, values_of
from domain.ticket.tickets import Ticket
from store.database.connections import Database
from store.database.plain import read_first, run, run_each
from store.database.types import holdable
from store.database.upserts import replace
from store.instances.writing.rows import key_of
from store.schema.tables import instance_dimensions, instances, organizations
from store.schema.tenancy import OF_INSTANCE, OF_ORGANIZATION, own

PORTION = 100
"""So few instances are filled in at a time that no record waits long."""

FEW = 5000
_VALUES = instance_dimensions.c
_DECLARED = sa.select(organizations.c.dimensions_version, organizations.c.dimensions).where(
    own(organizations, OF_ORGANIZATION)
)
_HELD = sa.select(_VALUES.dimension, _VALUES.value, _VALUES.shown).where(
    own(instance_dimensions, OF_ORGANIZATION, instance_id=OF_INSTANCE)
)
_DELETE = sa.delete(instance_dimensions).where(
    own(
        instance_dimensions,
        OF_ORGANIZATION,
        instance_id=OF_INSTANCE,
        dimension=sa.bindparam("of_dimension"),
        value=sa.bindparam("of_value"),
    )
)
_VERSION = (
    sa.update(instances)
    .where(own(instances, OF_ORGANIZATION, id=OF_INSTANCE))
    .values(dimensions_version=sa.bindparam("to_version"))
)


@dataclass(frozen=True, slots=True)
class Declared:
    """The dimensions of an organization. `version` counts their changes."""

    version: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dimensions:
    database: Database

    async def fill(self) -> int:
        """Write the values of some instances that lack them; return how many instances that were, 0 when none is left.

        Each organization's are written in a transaction of its own, at most a hundred instances in each.
        """
        declared = sa.select(organizations.c.id, organizations.c.dimensions_version)
        ever = declared.where(organizations.c.dimensions_version > 0)

        def lacking(conn: sa.Connection) -> Sequence[str]:
            # Each looks one place up in an index.
            return [row.id for row in conn.execute(ever).all() if is_behind(conn, row.id, row.dimensions_version)]

        filled = 0
        for organization in await self.database.read(lacking):
            filled += await self.database.write(partial(_fill, organization=organization))
        return filled

    async def are_ready(self, organization: str) -> bool:
        """Whether no instance lacks a value of a dimension."""

        def work(conn: sa.Connection) -> bool:
            declared = _declared(conn, organization)
            return declared is None or not is_behind(conn, organization, declared.version)

        return await self.database.read(work)


def keep_dimensions(conn: sa.Connection, record: Record, changed: Ticket | None) -> None:
    """Write the values of the ticket as it is now, if the record opens or has changed it. The caller must hold the
    instance's row."""
    if changed is None and record.snapshot is None:
        return
    declared = _declared(conn, record.organization)
    if declared is None:
        return
    ticket = changed or Ticket.from_json((record.snapshot or {})["ticket"], "snapshot.ticket")
    _write(conn, key_of(record), declared, ticket)


def of_values(organization: str, dimension: str, values: Sequence[str]) -> sa.Select[Any]:
    """The ids of the instances that have one of the values, in whatever case."""
    keys = sorted({key_of_value(holdable(value)) for value in values})
    these = own(instance_dimensions, organization, dimension=dimension)
    return sa.select(_VALUES.instance_id).where(these, _VALUES.value.in_(keys)).correlate(None)


def are_few(conn: sa.Connection, ids: sa.Select[Any]) -> bool:
    """Whether so few instances are meant that it is best to begin with them."""
    some = ids.limit(FEW + 1).subquery()
    return (conn.scalar(sa.select(sa.func.count()).select_from(some)) or 0) <= FEW


def is_behind(conn: sa.Connection, organization: str, version: int) -> bool:
    return conn.execute(_behind(organization, version).limit(1)).first() is not None


def _behind(organization: str, version: int) -> sa.Select[Any]:
    # Written out, because a partial index serves only a statement that repeats its condition.
    shown = instances.c.snapshot_sequence > sa.literal_column("0")
    these = sa.and_(own(instances, organization), shown, instances.c.dimensions_version < version)
    return sa.select(instances.c.id).where(these)


def _fill(conn: sa.Connection, organization: str) -> int:
    declared = _declared(conn, organization)
    if declared is None:
        return 0
    # A record that is being written has the row, and writes the values itself or is found the next time.
    some = _behind(organization, declared.version).limit(PORTION).with_for_update(skip_locked=True)
    ids = conn.scalars(some).all()
    documents = sa.select(instances.c.id, instances.c.ticket, instances.c.snapshot)
    for row in conn.execute(documents.where(own(instances, organization), instances.c.id.in_(ids))).all():
        ticket = Ticket.from_json(row.snapshot["ticket"] if row.ticket is None else row.ticket, "ticket")
        _write(conn, {"of_organization": organization, "of_instance": row.id}, declared, ticket)
    return len(ids)


def _declared(conn: sa.Connection, organization: str) -> Declared | None:
    """None for an organization that has never declared any dimension."""
    row = read_first(conn, _DECLARED, {"of_organization": organization})
    if row is None or not row.dimensions_version:
        return None
    return Declared(row.dimensions_version, tuple(row.dimensions))


def _write(conn: sa.Connection, key: Mapping[str, Any], declared: Declared, ticket: Ticket) -> None:
    attributes = ticket.attributes
    wanted = {
        (name, holdable(value)): holdable(shown)
        for name in declared.names
        for value, shown in values_of(attributes, name).items()
    }
    held = {(row.dimension, row.value): row.shown for row in conn.execute(_HELD, key)}
    gone = [{**key, "of_dimension": name, "of_value": value} for name, value in sorted(held.keys() - wanted.keys())]
    run_each(conn, _DELETE, gone)
    owner = {"organization": key["of_organization"], "instance_id": key["of_instance"]}
    new = [
        {**owner, "dimension": name, "value": value, "shown": shown}
        for (name, value), shown in sorted(wanted.items())
        if held.get((name, value)) != shown
    ]
    replace(conn, instance_dimensions, new)
    run(conn, _VERSION, {**key, "to_version": declared.version})
