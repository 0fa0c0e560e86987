"""INSERT ... ON CONFLICT. Both databases have it, and SQLAlchemy spells it once for each.

Statements are built once: making the columns of `excluded` costs more than running the statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from store.database.plain import Row, read_first, run_each
from store.database.urls import SQLITE


def insert_new(conn: sa.Connection, table: Table, row: Row) -> bool:
    """Insert the row; return whether it was inserted. False when its key is taken.

    Waits for a transaction that is about to take the key.
    """
    return read_first(conn, _new_returning(conn.dialect.name, table), row) is not None


def insert_missing(conn: sa.Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose keys are not taken."""
    run_each(conn, _new(conn.dialect.name, table), rows)


def keep_newest(conn: sa.Connection, table: Table, rows: Sequence[Row], unless: str | None = None) -> None:
    """Write each row in place of the one with its key, unless that one has a higher `sequence`.

    All rows have the same columns. Columns that they do not have keep their values. A row whose column `unless` is not
    zero stays as it is.
    """
    if rows:
        run_each(conn, _newest(conn.dialect.name, table, tuple(rows[0]), unless), rows)


def replace(conn: sa.Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write each row in place of the one with its key. Every row has all columns."""
    run_each(conn, _replacing(conn.dialect.name, table), rows)


def _insert(dialect: str, table: Table) -> Any:
    return sqlite.insert(table) if dialect == SQLITE else postgresql.insert(table)


def adding(dialect: str, table: Table) -> Any:
    """An INSERT that can say what happens where the key is taken (`on_conflict_do_update`)."""
    return _insert(dialect, table)


@cache
def _new(dialect: str, table: Table) -> Any:
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _new_returning(dialect: str, table: Table) -> Any:
    return _new(dialect, table).returning(*table.primary_key)


@cache
def _replacing(dialect: str, table: Table) -> Any:
    insert = _insert(dialect, table)
    key = [column.name for column in table.primary_key]
    others = {column.name: insert.excluded[column.name] for column in table.c if column.name not in key}
    return insert.on_conflict_do_update(index_elements=key, set_=others)


@cache
def _newest(dialect: str, table: Table, columns: tuple[str, ...], unless: str | None) -> Any:
    insert = _insert(dialect, table)
    key = [column.name for column in table.primary_key]
    newer = insert.excluded.sequence >= table.c.sequence
    return insert.on_conflict_do_update(
        index_elements=key,
        set_={name: insert.excluded[name] for name in columns if name not in key},
        where=newer if unless is None else sa.and_(newer, table.c[unless] == sa.literal_column("0")),
    )
