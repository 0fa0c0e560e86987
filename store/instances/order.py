"""The order of a list of instances, and places in it, from which a list is read on whatever changes meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.errors import InvalidValue
from domain.instants import Instant, parse
from store.database.types import moment
from store.instances.filters import STATES, is_so, status_at
from store.lists.keys import Key, Place, behind, text_of
from store.lists.listed import must_be_one_of
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

    def column(self, now: Instant) -> sa.ColumnElement[Any]:
        if self.name in STATES:
            return sa.case((STATES[self.name](now), 1), else_=0)
        return status_at(now) if self.name == "status" else _COLUMNS[self.name]

    def as_of(self, now: Instant) -> Key:
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
        """By the name of a column, with `-` before it from the largest down."""
        key = SortKey(name.removeprefix("-"), name.startswith("-"))
        if key.name not in SORTABLE:
            raise InvalidValue("sort", name, must_be_one_of(SORTABLE))
        if key == NEXT_DUE_FIRST.keys[0]:
            return NEXT_DUE_FIRST
        return cls((key,) if key.name == "id" else (key, SortKey("id")))

    def statement(self, wanted: sa.ColumnElement[bool], now: Instant, few: bool) -> sa.Select[Any]:
        """The rows in this order, or their ids, as `read` takes them.

        `few`: the instances that match are found first, and their ids sorted then. Otherwise an index gives the order
        of the next due. In any other order ids are sorted, too: the rows are long.
        """
        ordered = [key.as_of(now).ordered() for key in self.keys]
        if few:
            # No index has this order, so SQLite uses the index that finds the rows, not the one that has the order.
            first = self.keys[0].column(now)
            ordered = [first.is_(None), *([first.desc()] if self.keys[0].descending else [first]), *ordered[1:]]
        columns = _SHOWN if self._is_on_index(few) else (instances.c.id,)
        return sa.select(*columns, status_at(now).label("status_then")).where(wanted).order_by(*ordered)

    def _is_on_index(self, few: bool) -> bool:
        return self == NEXT_DUE_FIRST and not few

    def read(self, conn: sa.Connection, organization: str, some: sa.Select[Any], few: bool) -> Sequence[Any]:
        """The rows of `statement`, whole."""
        found = conn.execute(some).all()
        if self._is_on_index(few) or not found:
            return found
        then = {row.id: row.status_then for row in found}
        whole = sa.select(instances, sa.case(then, value=instances.c.id).label("status_then"))
        rows = conn.execute(whole.where(own(instances, organization), instances.c.id.in_(then)))
        by_id = {row.id: row for row in rows}
        return [by_id[id_] for id_ in then]

    def behind(self, place: Place, now: Instant) -> sa.ColumnElement[bool]:
        """Whether an instance comes after the place. Raises InvalidValue for a place of another order."""
        if len(place) != len(self.keys):
            raise InvalidValue("cursor", list(place), "must be that of a list in the same order")
        values = [key.value(text) for key, text in zip(self.keys, place, strict=True)]
        return behind([key.as_of(now) for key in self.keys], values)

    def place(self, row: Any, now: Instant) -> Place:
        return tuple(text_of(_value(row, key.name, now)) for key in self.keys)


NEXT_DUE_FIRST = Order((SortKey("next_due_at"), *_LAST))
"""What is due no more comes last, the newest of it first."""


_YES, _NO = "yes", "no"


def _value(row: Any, name: str, now: Instant) -> Any:
    if name in STATES:
        return _YES if is_so(name, row, now) else _NO
    read: Mapping[str, Callable[[Any], Any]] = {"status": lambda row: row.status_then, "subject": lambda row: row.title}
    return read[name](row) if name in read else getattr(row, name)
