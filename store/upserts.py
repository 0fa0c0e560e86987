"""INSERT ... ON CONFLICT, which both databases speak and SQLAlchemy spells once for each."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from store.urls import SQLITE


def upsert(conn: AsyncConnection, table: Table) -> Any:
    """An insert for the connection's database, with `on_conflict_do_nothing`, `on_conflict_do_update`, `excluded`."""
    return sqlite.insert(table) if conn.dialect.name == SQLITE else postgresql.insert(table)
