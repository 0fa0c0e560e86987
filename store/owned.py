"""Things of an organization that are found by an id: rows of one shape in the tables of contacts, on-calls, receivers
and teams.

All of it works inside a transaction of the caller's, so that what a thing depends on is looked at in the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from domain.errors import Conflict, NotFound
from domain.instants import Instant
from store.access.organizations import begin_change
from store.database.counting import count_rows
from store.database.types import moment
from store.lists.listed import Found, Listed, ListPart
from store.schema.tenancy import own

T = TypeVar("T")


def of_any_version(_stored: Any) -> None:
    """Of a change that whoever was first may have."""


@dataclass(frozen=True, slots=True)
class OwnedRows(Generic[T]):
    """The rows of a table, each of them one `kind` of thing, which errors name: `on-call`.

    Where the table has a column `version`, it counts changes from 1 on. Where it has `deleted_at`, deleted things stay
    in it, and are found no more.
    """

    table: sa.Table
    kind: str
    listed: Listed
    read: Callable[[Any], T]

    def find(self, conn: sa.Connection, organization: str, id_: str) -> T:
        """Raises NotFound."""
        row = self.row(conn, organization, id_)
        if row is None:
            field = f"{self.kind.replace('-', '_')}_id"
            raise NotFound(f"{self.kind} {id_!r} does not exist", field=field, value=id_)
        return self.read(row)

    def row(self, conn: sa.Connection, organization: str, id_: str) -> Any:
        """None for a thing that does not exist."""
        return conn.execute(sa.select(self.table).where(_live(self.table, organization, id=id_))).first()

    def list(self, conn: sa.Connection, organization: str, part: ListPart) -> Found[T]:
        these = _live(self.table, organization)
        return self.listed.find(conn, sa.select(self.table), self.table, these, part).each(self.read)

    def all(self, conn: sa.Connection, organization: str, **values: Any) -> Sequence[T]:
        """All of an organization that have these values, oldest first. None for one that does not exist."""
        query = sa.select(self.table).where(_live(self.table, organization, **values))
        ordered = query.order_by(self.table.c.created_at, self.table.c.id)
        return [self.read(row) for row in conn.execute(ordered)]

    def require_fewer(self, conn: sa.Connection, organization: str, most: int) -> None:
        """Raises Conflict where the organization has as many as it may have."""
        if count_rows(conn, self.table, _live(self.table, organization)) >= most:
            raise Conflict(f"an organization has at most {most} {self.kind}s")

    def insert(self, conn: sa.Connection, organization: str, id_: str, values: Mapping[str, Any], at: Instant) -> T:
        """Keep a new thing, made at that instant."""
        made: dict[str, Any] = {
            "organization": organization,
            "id": id_,
            "created_at": moment(at),
            "updated_at": moment(at),
        }
        if self._counts_changes:
            made["version"] = 1
        conn.execute(sa.insert(self.table).values({**values, **made}))
        return self.find(conn, organization, id_)

    def begin(
        self, conn: sa.Connection, organization: str, id_: str, require: Callable[[T], None] = of_any_version
    ) -> T:
        """The thing as it is now, which nobody else changes from here to the commit.

        Raises NotFound, also for the organization, and what `require` raises where that thing is not to be changed.
        """
        begin_change(conn, organization)
        stored = self.find(conn, organization, id_)
        require(stored)
        return stored

    def update(self, conn: sa.Connection, organization: str, id_: str, values: Mapping[str, Any], at: Instant) -> T:
        """Write what has become of the thing that was begun."""
        changed = {**values, "updated_at": moment(at)}
        if self._counts_changes:
            changed["version"] = self.table.c.version + 1
        conn.execute(sa.update(self.table).where(_live(self.table, organization, id=id_)).values(changed))
        return self.find(conn, organization, id_)

    def delete(self, conn: sa.Connection, organization: str, id_: str) -> None:
        """Remove the row, if there is one."""
        conn.execute(sa.delete(self.table).where(own(self.table, organization, id=id_)))

    @property
    def _counts_changes(self) -> bool:
        return "version" in self.table.c


def _live(table: sa.Table, organization: str, **values: Any) -> sa.ColumnElement[bool]:
    these = own(table, organization, **values)
    return sa.and_(these, table.c.deleted_at.is_(None)) if "deleted_at" in table.c else these
