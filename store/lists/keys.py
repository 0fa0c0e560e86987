"""Keys of an order, and the places between rows of which each has a place of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.errors import InvalidValue
from domain.fields import require_unicode
from domain.instants import parse, render
from store.database.types import UtcDateTime, instant, moment

Place = tuple[str | None, ...]
"""Where a row stands: a text for each key of the order, None where it has no such value."""


@dataclass(frozen=True, slots=True)
class Key:
    """A column to sort by. Whatever has no such value (`may_be_absent`) comes last, in both directions."""

    column: sa.ColumnElement[Any]
    descending: bool = False
    may_be_absent: bool = True

    def ordered(self) -> sa.ColumnElement[Any]:
        ordered = self.column.desc() if self.descending else self.column.asc()
        # PostgreSQL's indexes have what is absent first in a descending order: saying otherwise, it sorts all rows.
        return ordered.nulls_last() if self.may_be_absent else ordered

    def beyond(self, value: Any) -> sa.ColumnElement[bool]:
        """Whether a row comes after one that has the value."""
        if value is None:
            return sa.false()
        further = self.column < value if self.descending else self.column > value
        return sa.or_(further, self.column.is_(None)) if self.may_be_absent else further

    def same(self, value: Any) -> sa.ColumnElement[bool]:
        return self.column.is_(None) if value is None else self.column == value


def behind(keys: Sequence[Key], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Whether a row comes after one that has these values."""
    return sa.or_(*_each_behind(keys, values))


def _each_behind(keys: Sequence[Key], values: Sequence[Any]) -> Iterator[sa.ColumnElement[bool]]:
    for number, key in enumerate(keys):
        same = [before.same(value) for before, value in zip(keys, values[:number], strict=False)]
        yield sa.and_(*same, key.beyond(values[number]))


def text_of(value: Any) -> str | None:
    """How a value stands in a place."""
    if isinstance(value, datetime):
        return render(instant(value))
    if isinstance(value, bool):
        return str(int(value))
    return None if value is None else str(value)


def value_of(column: sa.ColumnElement[Any], text: str | None) -> Any:
    """What a column holds for the text of a place. Raises InvalidValue for the place of another list."""
    if text is None:
        return None
    if isinstance(column.type, UtcDateTime):
        return moment(parse(text, "cursor"))
    if isinstance(column.type, sa.Integer | sa.Boolean):
        # Spelled as a literal, because nothing is said to be larger than `true`.
        return sa.literal(bool(_number(text))) if isinstance(column.type, sa.Boolean) else _number(text)
    return require_unicode(text, "cursor")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidValue("cursor", text, "must be the next_cursor of an earlier page")
    return int(text)
