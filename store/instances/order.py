"""The order of a list of instances, and places in it, from which a list is read on whatever changes meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from domain.errors import InvalidValue
from domain.instants import Instant, parse
from store.database.counting import count_rows
from store.database.types import moment
from store.instances.filters import STATES, AsOf, is_so, status_at
from store.lists.keys import Key, Place, text_of
from store.lists.listed import must_be_one_of
from store.lists.stretches import Stretch, absent_last, of_two_values, whole
from store.schema.tables import instances
from store.schema.tenancy import own

_INSTANTS = frozenset({"opened_at", "closed_at", "next_due_at", "recorded_at"})
_COLUMNS: Mapping[str, sa.ColumnElement[Any]] = {
    "subject": instances.c.title,
    **{
        name: instances.c[name]
        for name in (
            *("id", "kind", "policy_id", "policy_name", "priority", "team_id", "assignee", "url"),
            *sorted(_INSTANTS),
        )
    },
}
SORTABLE = ("status", *sorted(STATES), *_COLUMNS)
"""What a list can be sorted by."""
_SHOWN = tuple(
    instances.c[name]
    for name in (
        *("id", "status", "sequence", "opened_at", "closed_at", "next_due_at", "recorded_at", "resumes_at"),
        *("ticket", "plan", "snapshot"),
    )
)
"""What a list needs of a row: reading the others would take a part of the time of a page."""
_NEVER_ABSENT = frozenset({"id", "kind", "opened_at", "recorded_at", "status", *STATES})
"""What every listed instance has."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """Something to sort by. Whatever has no such value comes last, in both directions."""

    name: str
    descending: bool = False

    def column(self, now: AsOf) -> sa.ColumnElement[Any]:
        if self.name in STATES:
            return sa.case((STATES[self.name](now), 1), else_=0)
        return status_at(now) if self.name == "status" else _COLUMNS[self.name]

    def as_of(self, now: AsOf) -> Key:
        return Key(self.column(now), self.descending, self.name not in _NEVER_ABSENT)

    def value(self, text: str | None) -> Any:
        """What the column holds for the text of a place. Raises InvalidValue."""
        if self.name in STATES:
            return int(text == _YES)
        return text if text is None or self.name not in _INSTANTS else moment(parse(text, "cursor"))


_LAST = (SortKey("opened_at", descending=True), SortKey("id"))
"""What decides between instances that are due at the same instant, or no more."""


@dataclass(frozen=True, slots=True)
class Order:
    """The last key is the id, so that each instance has a place of its own."""

    keys: tuple[SortKey, ...]

    @classmethod
    def by(cls, name: str) -> Order:
        """By the name of a column, with `-` before it from the largest down.

        The id goes the way of the column, so that one index has both orders, read from either end.
        """
        key = SortKey(name.removeprefix("-"), name.startswith("-"))
        if key.name not in SORTABLE:
            raise InvalidValue("sort", name, must_be_one_of(SORTABLE))
        if key == NEXT_DUE_FIRST.keys[0]:
            return NEXT_DUE_FIRST
        return cls((key,) if key.name == "id" else (key, SortKey("id", key.descending)))

    def stretches(self, now: AsOf, after: Place | None, few: bool) -> Sequence[Stretch]:
        """Of what the list in this order is made up, behind a place where one is given.

        `few`: the instances that match are found first, and their ids sorted then. Raises InvalidValue for a place of
        another order.
        """
        values = None if after is None else self._values(after)
        first, keys = self.keys[0], [key.as_of(now) for key in self.keys]
        if few:
            # No index has this order, so SQLite uses the index that finds the rows, not the one that has the order.
            column = keys[0].column
            ordered = [column.is_(None), column.desc() if first.descending else column]
            return [replace(whole(keys, values), ordered=(*ordered, *(key.ordered() for key in keys[1:])))]
        if first.name in STATES:
            is_so = STATES[first.name](now)
            return of_two_values(is_so, keys, values)
        return [whole(keys, values)] if self.is_on_index or not keys[0].may_be_absent else absent_last(keys, values)

    @property
    def is_on_index(self) -> bool:
        return self == NEXT_DUE_FIRST

    def read(self, conn: sa.Connection, organization: str, wanted: Wanted, limit: int, offset: int) -> Sequence[Any]:
        """The rows, at most `limit`, after skipping `offset`. In any order but that of the next due the ids are found
        first: the rows are long."""
        found: list[Any] = []
        *before, last = self.statements(wanted)
        for some in before:
            rows = conn.execute(some.limit(limit - len(found)).offset(offset)).all()
            found += rows
            if len(found) == limit:
                break
            offset = 0 if rows or not offset else offset - _count(conn, some)
        else:
            found += conn.execute(last.limit(limit - len(found)).offset(offset)).all()
        return found if self._reads_rows(wanted) else _whole(conn, organization, found)

    def statements(self, wanted: Wanted) -> list[sa.Select[Any]]:
        """What finds the rows or their ids, one statement for each stretch."""
        columns = _SHOWN if self._reads_rows(wanted) else (instances.c.id,)
        every = sa.select(*columns, status_at(wanted.now).label("status_then")).where(wanted.matching)
        stretches = self.stretches(wanted.now, wanted.after, wanted.few)
        return [every.where(*one.conditions).order_by(*one.ordered) for one in stretches]

    def _reads_rows(self, wanted: Wanted) -> bool:
        return self.is_on_index and not wanted.few

    def _values(self, place: Place) -> list[Any]:
        if len(place) != len(self.keys):
            raise InvalidValue("cursor", list(place), "must be that of a list in the same order")
        return [key.value(text) for key, text in zip(self.keys, place, strict=True)]

    def place(self, row: Any, now: Instant) -> Place:
        return tuple(text_of(_value(row, key.name, now)) for key in self.keys)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which instances a page is of: those that match, behind a place, as of an instant; see `Order.stretches`."""

    matching: sa.ColumnElement[bool]
    now: AsOf
    after: Place | None = None
    few: bool = False


def _count(conn: sa.Connection, some: sa.Select[Any]) -> int:
    return count_rows(conn, some.order_by(None).subquery(), sa.true())


def _whole(conn: sa.Connection, organization: str, found: Sequence[Any]) -> Sequence[Any]:
    if not found:
        return found
    then = {row.id: row.status_then for row in found}
    rows = sa.select(instances, sa.case(then, value=instances.c.id).label("status_then"))
    these = sa.and_(own(instances, organization), instances.c.id.in_(then))
    by_id = {row.id: row for row in conn.execute(rows.where(these))}
    return [by_id[id_] for id_ in then]


NEXT_DUE_FIRST = Order((SortKey("next_due_at"), *_LAST))
"""What is due no more comes last, the newest of it first."""


_YES, _NO = "yes", "no"


def _value(row: Any, name: str, now: Instant) -> Any:
    if name in STATES:
        return _YES if is_so(name, row, now) else _NO
    read: Mapping[str, Callable[[Any], Any]] = {"status": lambda row: row.status_then, "subject": lambda row: row.title}
    return read[name](row) if name in read else getattr(row, name)
