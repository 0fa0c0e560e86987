"""Counting rows for lists, which show a page and the number of all rows."""

from __future__ import annotations

import sqlalchemy as sa


def count_rows(conn: sa.Connection, table: sa.FromClause, where: sa.ColumnElement[bool]) -> int:
    return conn.scalar(sa.select(sa.func.count()).select_from(table).where(where)) or 0
