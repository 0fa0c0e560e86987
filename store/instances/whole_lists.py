"""The lists that are asked for most: of all instances, or of those of one kind, next due first.

Their statements are built once. A total of them goes along the shortest index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from domain.ids import Kind
from domain.instants import Instant
from store.database.any_of import each
from store.database.plain import read_all, run
from store.database.types import UtcDateTime, moment
from store.database.urls import SQLITE
from store.instances.filters import Filters, shown
from store.instances.order import NEXT_DUE_FIRST, Wanted
from store.schema.tables import instances
from store.schema.tenancy import OF_ORGANIZATION, own

_AS_OF: sa.BindParameter[Any] = sa.bindparam("as_of", type_=UtcDateTime())
_MOST, _SKIPPED = (sa.bindparam(name, type_=sa.Integer()) for name in ("most", "skipped"))
LAST_KIND = max(Kind)


@dataclass(frozen=True, slots=True)
class WholeList:
    """`kind` None: of every kind."""

    kind: Kind | None

    @classmethod
    def of(cls, filters: Filters) -> WholeList | None:
        """The list that the filters leave, None where they leave a part of one."""
        if any(value is not None for name, value in filters.items() if name != "kind"):
            return None
        given = filters.get("kind")
        kinds = set(Kind) if given is None else set(map(Kind, each(given)))
        if kinds == set(Kind):
            return cls(None)
        return cls(*kinds) if len(kinds) == 1 else None

    def read(self, conn: sa.Connection, organization: str, now: Instant, limit: int, offset: int) -> Sequence[Any]:
        """The same rows as `Order.read`."""
        said = {"of_organization": organization, "as_of": moment(now), "most": limit, "skipped": offset}
        return read_all(conn, _page(self.kind), said)

    def count(self, conn: sa.Connection, organization: str) -> int:
        statement = _total(self.kind, conn.dialect.name)
        number: int = run(conn, statement, {"of_organization": organization}).scalar_one()
        return number


@cache
def _page(kind: Kind | None) -> sa.Select[Any]:
    these = shown(OF_ORGANIZATION) if kind is None else sa.and_(shown(OF_ORGANIZATION), instances.c.kind == kind.value)
    (page,) = NEXT_DUE_FIRST.statements(Wanted(these, _AS_OF))
    return page.limit(_MOST).offset(_SKIPPED)


@cache
def _total(kind: Kind | None, dialect: str) -> sa.Select[Any]:
    # Written out, because a partial index serves only a statement that repeats its condition. `sequence > 0` is always
    # so, and asked for by the total alone.
    counted = (instances.c[name] > sa.literal_column("0") for name in ("snapshot_sequence", "sequence"))
    of_kind = () if kind is None else (_is_of(kind, dialect),)
    return sa.select(sa.func.count()).select_from(instances).where(own(instances, OF_ORGANIZATION), *counted, *of_kind)


def _is_of(kind: Kind, dialect: str) -> sa.ColumnElement[bool]:
    if kind is LAST_KIND and dialect == SQLITE:
        # No kind sorts behind it, so of each row the organization alone is compared to know where its rows end.
        return instances.c.kind >= kind.value
    return instances.c.kind == kind.value
