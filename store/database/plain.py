"""Statements that every opening or record runs. They are built once, and on SQLite their text goes straight to the
driver.

SQLAlchemy takes two and a half times as long, even for a statement that it has compiled before.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import pysqlite

from store.database.types import serialise
from store.database.urls import SQLITE

Row = Mapping[str, Any]
_DIALECT = pysqlite.dialect(json_serializer=serialise)


class _Plain:
    """The text of a statement, and the way from a row to its parameters."""

    def __init__(self, statement: Any, columns: tuple[str, ...]) -> None:
        compiled = statement.compile(dialect=_DIALECT, column_keys=columns)
        self.text: str = compiled.string
        processors: Mapping[str, Callable[[Any], Any]] = compiled._bind_processors  # noqa: SLF001  # there is no other way to them
        self._order = [(name, processors.get(name)) for name in compiled.positiontup]
        # Values that stand in the statement itself.
        said = (name for name in compiled.positiontup if name not in columns)
        self._constants = {
            name: compiled.binds[name].effective_value for name in said if not compiled.binds[name].required
        }
        # Of what it reads, each with its type. A statement that writes reads nothing.
        columns_read = compiled._result_columns or ()  # noqa: SLF001  # as above
        self._types = [column.type for column in columns_read]
        names = [str(column.keyname) for column in columns_read]
        self._made: Callable[[Iterable[Any]], Any] = getattr(namedtuple("_row", names), "_make")  # noqa: B009

    def read(self, conn: sa.Connection, rows: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """The rows as the types of their columns have them."""
        readers = [type_._cached_result_processor(conn.dialect, None) for type_ in self._types]  # noqa: SLF001  # as above
        return [
            self._made(value if read is None else read(value) for value, read in zip(row, readers, strict=True))
            for row in rows
        ]

    def parameters(self, row: Row) -> tuple[Any, ...]:
        values = {**self._constants, **row} if self._constants else row
        return tuple([values[name] if process is None else process(values[name]) for name, process in self._order])


def run(conn: sa.Connection, statement: Any, row: Row) -> sa.CursorResult[Any]:
    """Run a statement that lives as long as the process; `row` has a value for each of its parameters."""
    if conn.dialect.name != SQLITE:
        return conn.execute(statement, row)
    plain = _plain(statement, tuple(row))
    return conn.exec_driver_sql(plain.text, plain.parameters(row))


def read_all(conn: sa.Connection, statement: Any, row: Row) -> Sequence[Any]:
    """The rows of a SELECT that lives as long as the process, with their columns by name."""
    if conn.dialect.name != SQLITE:
        return conn.execute(statement, row).all()
    plain = _plain(statement, tuple(row))
    found = conn.exec_driver_sql(plain.text, plain.parameters(row)).all()
    return plain.read(conn, found) if found else ()


def run_each(conn: sa.Connection, statement: Any, rows: Sequence[Row]) -> None:
    """Run it for several rows with the same columns. Nothing is run for no rows."""
    if not rows:
        return
    if conn.dialect.name != SQLITE:
        conn.execute(statement, rows)
        return
    plain = _plain(statement, tuple(rows[0]))
    conn.exec_driver_sql(plain.text, [plain.parameters(row) for row in rows])


@cache
def _plain(statement: Any, columns: tuple[str, ...]) -> _Plain:
    return _Plain(statement, columns)
