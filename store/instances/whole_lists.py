"""The lists that are asked for most: of all instances, or of those of one kind, next due first.

Their statements are built once. A total of them goes along the shortest index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from domain.ids import Kind
from domain.instants import Instant
from store.database.any_of import each
from store.database.plain import read_all
from store.database.types import UtcDateTime, moment
from store.database.urls import SQLITE
from store.instances.filters import Filters, shown
from store.instances.order import NEXT_DUE_FIRST, Wanted
from store.schema.tables import instances
from store.schema.tenancy import OF_ORGANIZATION, own

_AS_OF: sa.BindParameter[Any] = sa.bindparam("as_of", type_=UtcDateTime())
_MOST, _SKIPPED = (sa.bindparam(name, type_=sa.Integer()) for name in ("most", "skipped"))
LAST_KIND = max(Kind)
FEW_OTHERS = 5000
"""Counted in a fifth of a millisecond."""


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

    def count(self, conn: sa.Connection, organization: str, *, is_long: bool) -> int:
        """`is_long`: more than a page."""
        build = _left_by_others if is_long and conn.dialect.name == SQLITE else _total
        [(number,)] = read_all(conn, build(self.kind, conn.dialect.name), {"of_organization": organization})
        return int(number)


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


@cache
def _left_by_others(kind: Kind | None, dialect: str) -> sa.Select[Any]:
    """The same number, as what a few others leave of all rows: these SQLite counts by whole pages of an index, four
    times as fast as one by one. Where others are many they are not counted to the end, and those of the list are
    counted one by one."""
    others = sa.union_all(*_others(kind)).limit(FEW_OTHERS + 1).subquery("others")
    number = sa.select(sa.func.count().label("of_others")).select_from(others).subquery("number").c.of_others
    every = sa.select(sa.func.count()).select_from(instances).scalar_subquery()
    one_by_one = _total(kind, dialect).scalar_subquery()
    return sa.select(sa.case((number <= FEW_OTHERS, every - number), else_=one_by_one))


def _others(kind: Kind | None) -> Iterator[sa.Select[Any]]:
    """Every row that the list does not show: what is found along an index each time."""
    mine = own(instances, OF_ORGANIZATION)
    zero: sa.ColumnElement[int] = sa.literal_column("0")
    row: sa.Select[Any] = sa.select(sa.literal_column("1").label("row")).select_from(instances)
    yield row.where(instances.c.organization < OF_ORGANIZATION)
    yield row.where(instances.c.organization > OF_ORGANIZATION)
    yield row.where(mine, instances.c.snapshot_sequence == zero)
    for other in () if kind is None else Kind:
        if other is not kind:
            counted = (instances.c[name] > zero for name in ("snapshot_sequence", "sequence"))
            yield row.where(mine, instances.c.kind == other.value, *counted)
