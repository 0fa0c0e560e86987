"""The connection used before the engine runs: for migrating the store, and for checking it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from domain.errors import StoreUnavailable
from store.database.backends.sqlite import prepare_sqlite
from store.database.connections import is_unusable
from store.database.urls import SQLITE, sync_url
from store.schema.soundness import fault

_WAIT_SECONDS = 60.0


def check(database_url: str) -> None:
    """Raises StoreUnavailable when a SQLite file cannot be opened, is damaged, or takes no writes.

    A PostgreSQL server is not checked: one that does not answer now may answer later.
    """
    url = sync_url(database_url)
    if url.get_backend_name() == SQLITE:
        with transaction(url) as conn:
            require_sound(conn, url)


@contextmanager
def transaction(url: URL) -> Iterator[Connection]:
    """A transaction that may write. Raises StoreUnavailable."""
    engine = _engine(url)
    try:
        with engine.begin() as conn:
            yield conn
    except DBAPIError as error:
        if not is_unusable(error):
            raise
        raise unavailable(url, str(error.orig)) from error
    finally:
        engine.dispose()


def require_sound(conn: Connection, url: URL) -> None:
    """Raises StoreUnavailable when a SQLite file is damaged or takes no writes. A server checks itself."""
    file = conn.connection.driver_connection
    found = fault(file) if isinstance(file, sqlite3.Connection) else None
    if found is not None:
        raise unavailable(url, found)


def unavailable(url: URL, reason: str) -> StoreUnavailable:
    first_line = (reason.splitlines() or ["no answer"])[0]
    return StoreUnavailable(f"the store at {shown(url)} is not available: {first_line}")


def shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != SQLITE:
        from store.database.backends.postgresql import CONNECT_TIMEOUT  # noqa: PLC0415 - with its libraries

        return create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_TIMEOUT})
    engine = create_engine(url, poolclass=NullPool)
    event.listen(engine, "connect", partial(prepare_sqlite, timeout=_WAIT_SECONDS))
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _begin_immediate(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE")
