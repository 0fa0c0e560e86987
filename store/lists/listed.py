"""A table as a list: what it may be sorted by and searched in, and its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from domain.errors import InvalidValue
from store.database.counting import count_rows
from store.lists.keys import Key, Place, behind, text_of, value_of

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
        keys = self._keys(part.sort or self.first)
        if part.search is not None:
            named = [self.columns[name].icontains(part.search, autoescape=True) for name in self.searched]
            where = sa.and_(where, sa.or_(*named))
        rows = wanted.where(where).order_by(*(key.ordered() for key in keys))
        if part.after is not None:
            rows = rows.where(behind(keys, _values(keys, part.after)))
        # One more than is shown tells whether there is another page.
        found = conn.execute(rows.limit(part.limit + 1).offset(part.offset)).all()
        shown = found[: part.limit]
        last = _place(keys, shown[-1]) if len(found) > part.limit else None
        return Found(shown, count_rows(conn, table, where), last)

    @property
    def sortable(self) -> tuple[str, ...]:
        return tuple(self.columns)

    def _keys(self, sort: str) -> tuple[Key, ...]:
        name = sort.removeprefix("-")
        if name not in self.columns:
            raise InvalidValue("sort", sort, must_be_one_of(self.columns))
        keys = (self._key(name, sort.startswith("-")),)
        return keys if name == self.key else (*keys, self._key(self.key))

    def _key(self, name: str, descending: bool = False) -> Key:
        column = self.columns[name]
        return Key(column, descending, column.nullable is True)


def columns_of(table: sa.Table, *names: str, **named: str) -> Mapping[str, sa.Column[Any]]:
    """Columns of a table by the names that clients know, which are their own unless `named` says another."""
    return {**{name: table.c[name] for name in names}, **{shown: table.c[own] for shown, own in named.items()}}


def must_be_one_of(names: Mapping[str, Any] | Sequence[str]) -> str:
    return f"must be one of {', '.join(names)}, or one of them with - before it"


def _place(keys: Sequence[Key], row: Any) -> Place:
    return tuple(text_of(getattr(row, str(key.column.key))) for key in keys)


def _values(keys: Sequence[Key], place: Place) -> list[Any]:
    if len(place) != len(keys):
        raise InvalidValue("cursor", list(place), "must be that of a list in the same order")
    if any(text is None and not key.may_be_absent for key, text in zip(keys, place, strict=True)):
        raise InvalidValue("cursor", list(place), "must be the next_cursor of an earlier page")
    return [value_of(key.column, text) for key, text in zip(keys, place, strict=True)]
