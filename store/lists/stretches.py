"""A list as stretches that follow one another, each in an order that an index has.

What comes last because it is absent, and what is sorted by a yes or no, is in no index's order as a whole: every row
would be read for a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from store.lists.keys import Key, behind


@dataclass(frozen=True, slots=True)
class Stretch:
    """The rows of which all `conditions` are true, in their order."""

    conditions: tuple[sa.ColumnElement[bool], ...]
    ordered: tuple[sa.ColumnElement[Any], ...]


def whole(keys: Sequence[Key], values: Sequence[Any] | None) -> Stretch:
    """The list as one stretch, behind the row that has these values."""
    return _stretch(() if keys[0].may_be_absent else _from(keys[0], values), keys, values)


def absent_last(keys: Sequence[Key], values: Sequence[Any] | None) -> list[Stretch]:
    """The rows that have a value of the first key, and those that have none."""
    first, others = keys[0], keys[1:]
    present = [replace(first, may_be_absent=False), *others]
    without = first.column.is_(None)
    if values is not None and values[0] is None:
        return [_stretch((without,), others, values[1:])]
    here = _stretch((first.column.is_not(None), *_from(first, values)), present, values)
    return [here, _stretch((without,), others, None)]


def of_two_values(is_so: sa.ColumnElement[bool], keys: Sequence[Key], values: Sequence[Any] | None) -> list[Stretch]:
    """The rows of which `is_so` is true, and those of which it is false or null, in the direction of the first key,
    which is 1 or 0."""
    parts = [(1, is_so), (0, ~sa.func.coalesce(is_so, sa.false()))]
    ordered = parts if keys[0].descending else parts[::-1]
    if values is None:
        return [_stretch((condition,), keys[1:], None) for _, condition in ordered]
    (_, here), *rest = ordered[[value for value, _ in ordered].index(values[0]) :]
    return [_stretch((here,), keys[1:], values[1:]), *(_stretch((one,), keys[1:], None) for _, one in rest)]


def _from(first: Key, values: Sequence[Any] | None) -> tuple[sa.ColumnElement[bool], ...]:
    """Found on the index, a place is where its first value begins."""
    if values is None:
        return ()
    return (first.column <= values[0] if first.descending else first.column >= values[0],)


def _stretch(
    conditions: tuple[sa.ColumnElement[bool], ...], keys: Sequence[Key], values: Sequence[Any] | None
) -> Stretch:
    place = () if values is None else (behind(keys, values),)
    return Stretch((*conditions, *place), tuple(key.ordered() for key in keys))
