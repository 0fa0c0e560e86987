"""Filters of lists: one value, or several of which a row must have one."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa

_T = TypeVar("_T")

AnyOf: TypeAlias = _T | list[_T] | None
"""None does not filter."""


def each(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def is_any_of(column: sa.ColumnElement[Any], wanted: Any) -> sa.ColumnElement[bool]:
    """Whether the column has the value, or one of a list of values."""
    values = [str(one) for one in each(wanted)]
    return column == values[0] if len(values) == 1 else column.in_(values)
