"""Statements that every opening or record runs. They are built once, and on SQLite their text goes straight to the
driver.

SQLAlchemy takes several times as long, even for a statement that it has compiled before. Only where somebody listens to
its statements do they go through it. Errors are those that it raises.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.exc import DBAPIError

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
        # Of what it reads, each with its type. Most statements that write read nothing.
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


def run(conn: sa.Connection, statement: Any, row: Row) -> None:
    """Run a statement that lives as long as the process; `row` has a value for each of its parameters."""
    if conn.dialect.name != SQLITE:
        conn.execute(statement, row)
        return
    plain = _plain(statement, tuple(row))
    _rows(conn, plain.text, plain.parameters(row))


def read_all(conn: sa.Connection, statement: Any, row: Row) -> Sequence[Any]:
    """The rows of such a statement, with their columns by name."""
    if conn.dialect.name != SQLITE:
        return conn.execute(statement, row).all()
    plain = _plain(statement, tuple(row))
    found = _rows(conn, plain.text, plain.parameters(row))
    return plain.read(conn, found) if found else ()


def read_first(conn: sa.Connection, statement: Any, row: Row) -> Any:
    """The first of the rows, None if there is none."""
    found = read_all(conn, statement, row)
    return found[0] if found else None


def run_each(conn: sa.Connection, statement: Any, rows: Sequence[Row]) -> None:
    """Run it for several rows with the same columns. Nothing is run for no rows."""
    if not rows:
        return
    if conn.dialect.name != SQLITE:
        conn.execute(statement, rows)
        return
    plain = _plain(statement, tuple(rows[0]))
    for row in rows:
        _rows(conn, plain.text, plain.parameters(row))


def _rows(conn: sa.Connection, text: str, parameters: tuple[Any, ...]) -> Sequence[Any]:
    """What the driver answers."""
    if conn.dispatch.before_cursor_execute:
        result = conn.exec_driver_sql(text, parameters)
        return result.all() if result.returns_rows else ()
    driver: Any = conn.connection.driver_connection
    try:
        rows: Sequence[Any] = driver.execute(text, parameters).fetchall()
    except sqlite3.Error as error:
        raise DBAPIError.instance(text, parameters, error, sqlite3.Error, dialect=conn.dialect) from error
    return rows


@cache
def _plain(statement: Any, columns: tuple[str, ...]) -> _Plain:
    return _Plain(statement, columns)
