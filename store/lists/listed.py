"""A table as a list: what it may be sorted by and searched in, and its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from domain.errors import InvalidValue
from store.database.counting import count_rows
from store.lists.keys import Key, Place, text_of, value_of
from store.lists.stretches import whole

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ListPart:
    """Which part of a list: at most `limit` rows, after skipping `offset`, behind the place `after`.

    `sort` names a column, with `-` before it from the largest down; without one the list has its own order. `search`
    is a text that one of the searched columns has in it, in whatever case.
    """

    limit: int
    offset: int = 0
    after: Place | None = None
    sort: str | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """Rows of a list and the number of all; `last` is the place of the last one, None where nothing follows."""

    rows: Sequence[T]
    total: int
    last: Place | None

    def each(self, read: Callable[[T], Any]) -> Found[Any]:
        return Found([read(row) for row in self.rows], self.total, self.last)


@dataclass(frozen=True, slots=True)
class Sorting:
    """What the rows of a statement may be sorted by, by the names that clients know; `first` is their own order.

    `apart` tells them apart, and decides between those that are equal: upwards, or in the direction of the column where
    it goes `along`, as an index does that is read from either end.
    """

    columns: Mapping[str, Key]
    first: str
    apart: tuple[Key, ...]
    along: bool = False

    @property
    def sortable(self) -> tuple[str, ...]:
        return tuple(self.columns)

    def read(
        self, conn: sa.Connection, wanted: sa.Select[Any], part: ListPart
    ) -> tuple[Sequence[sa.Row[Any]], Place | None]:
        """The rows of the part, which is searched already, and the place of the last of them, None where nothing
        follows. Raises InvalidValue for a sort or a place that is not of these rows."""
        # One more than is shown tells whether there is another page.
        found = conn.execute(self.statement(wanted, part).limit(part.limit + 1).offset(part.offset)).all()
        shown = found[: part.limit]
        return shown, _place(self._keys(part), shown[-1]) if len(found) > part.limit and shown else None

    def statement(self, wanted: sa.Select[Any], part: ListPart) -> sa.Select[Any]:
        """What finds the rows in their order, from the place on. Raises InvalidValue as `read` does."""
        keys = self._keys(part)
        stretch = whole(keys, None if part.after is None else _values(keys, part.after))
        placed = (key.column.label(_placed(number)) for number, key in enumerate(keys))
        return wanted.add_columns(*placed).where(*stretch.conditions).order_by(*stretch.ordered)

    def _keys(self, part: ListPart) -> tuple[Key, ...]:
        sort = part.sort or self.first
        name, descending = sorted_by(sort, self.sortable), sort.startswith("-")
        key = replace(self.columns[name], descending=descending)
        apart = (replace(one, descending=descending and self.along) for one in self.apart)
        return (key, *(one for one in apart if one.column is not key.column))


@dataclass(frozen=True, slots=True)
class Listed:
    """`columns` are what the list may be sorted by, by the names that clients know.

    `first` is its own order. `key` tells its rows apart, within an organization or whatever they belong to. `searched`
    are columns of text.
    """

    columns: Mapping[str, sa.Column[Any]]
    first: str
    key: str = "id"
    searched: tuple[str, ...] = ()

    def find(
        self,
        conn: sa.Connection,
        wanted: sa.Select[Any],
        table: sa.Table,
        where: sa.ColumnElement[bool],
        part: ListPart,
    ) -> Found[sa.Row[Any]]:
        """The part of the rows of `table` for which `where` is true, as `wanted` selects them.

        Raises InvalidValue for a sort or a place that is not of this list.
        """
        if part.search is not None:
            named = [self.columns[name].icontains(part.search, autoescape=True) for name in self.searched]
            where = sa.and_(where, sa.or_(*named))
        rows, last = self._sorting.read(conn, wanted.where(where), part)
        return Found(rows, count_rows(conn, table, where), last)

    @property
    def sortable(self) -> tuple[str, ...]:
        return tuple(self.columns)

    @property
    def _sorting(self) -> Sorting:
        keys = {name: Key(column, may_be_absent=column.nullable is True) for name, column in self.columns.items()}
        return Sorting(keys, self.first, (keys[self.key],))


def columns_of(table: sa.Table, *names: str, **named: str) -> Mapping[str, sa.Column[Any]]:
    """Columns of a table by the names that clients know, which are their own unless `named` says another."""
    return {**{name: table.c[name] for name in names}, **{shown: table.c[own] for shown, own in named.items()}}


def sorted_by(sort: str, names: Sequence[str]) -> str:
    """The name in a sort. Raises InvalidValue for one that is none of these."""
    name = sort.removeprefix("-")
    if name not in names:
        raise InvalidValue("sort", sort, must_be_one_of(names))
    return name


def must_be_one_of(names: Sequence[str]) -> str:
    return f"must be one of {', '.join(names)}, or one of them with - before it"


def _place(keys: Sequence[Key], row: Any) -> Place:
    return tuple(text_of(getattr(row, _placed(number))) for number in range(len(keys)))


def _placed(number: int) -> str:
    return f"placed_{number}"


def _values(keys: Sequence[Key], place: Place) -> list[Any]:
    if len(place) != len(keys):
        raise InvalidValue("cursor", list(place), "must be that of a list in the same order")
    if any(text is None and not key.may_be_absent for key, text in zip(keys, place, strict=True)):
        raise InvalidValue("cursor", list(place), "must be the next_cursor of an earlier page")
    return [value_of(key.column, text) for key, text in zip(keys, place, strict=True)]
