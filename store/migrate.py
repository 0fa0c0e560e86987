"""Brings a database to the newest schema; safe to run twice and by several processes at once."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from domain.errors import Conflict, StoreUnavailable
from store.database import CONNECT_TIMEOUT, is_unusable, prepare_sqlite
from store.soundness import fault
from store.urls import SQLITE, sync_url

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number of ours: who holds it migrates, others wait.
_ADVISORY_LOCK = 7_525_337
_WAIT_SECONDS = 60.0
# Alembic keeps its context in a module.
_one_at_a_time = threading.Lock()


def upgrade(database_url: str) -> None:
    """Raises StoreUnavailable when the database cannot be reached or made, is damaged or takes no writes.

    Raises Conflict when it is newer than this code.
    """
    url = sync_url(database_url)
    if url.get_backend_name() == SQLITE:
        _make_folder(url)
    try:
        with _one_at_a_time, _transaction(url) as conn:
            _wait_for_others(conn)
            _require_sound(conn, url)
            command.upgrade(migration_config(conn), "head")
            # One that has nothing to change must take writes, too.
            conn.execute(text("UPDATE alembic_version SET version_num = version_num"))
    except CommandError as error:
        raise Conflict(f"the schema of {_shown(url)} is not one this version knows: {error}") from error


def check(database_url: str) -> None:
    """Raises StoreUnavailable when a SQLite file cannot be opened, is damaged, or takes no writes.

    A server that does not answer may still do so: it is left to whoever needs it.
    """
    url = sync_url(database_url)
    if url.get_backend_name() == SQLITE:
        with _transaction(url) as conn:
            _require_sound(conn, url)


def migration_config(conn: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    return config


def head() -> str | None:
    """The newest revision this code knows."""
    return ScriptDirectory.from_config(migration_config()).get_current_head()


@contextmanager
def _transaction(url: URL) -> Iterator[Connection]:
    engine = _engine(url)
    try:
        with engine.begin() as conn:
            yield conn
    except DBAPIError as error:
        if not is_unusable(error):
            raise
        raise _unavailable(url, str(error.orig)) from error
    finally:
        engine.dispose()


def _require_sound(conn: Connection, url: URL) -> None:
    file = conn.connection.driver_connection
    found = fault(file) if isinstance(file, sqlite3.Connection) else None
    if found is not None:
        raise _unavailable(url, found)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != SQLITE:
        return create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_TIMEOUT})
    engine = create_engine(url, poolclass=NullPool)
    event.listen(engine, "connect", partial(prepare_sqlite, patience=_WAIT_SECONDS))
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _make_folder(url: URL) -> None:
    folder = Path(url.database or "").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unavailable(url, f"{error.strerror}: {folder}") from error


def _begin_immediate(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE")


def _wait_for_others(conn: Connection) -> None:
    if conn.dialect.name != SQLITE:
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})


def _unavailable(url: URL, reason: str) -> StoreUnavailable:
    first_line = (reason.splitlines() or ["no answer"])[0]
    return StoreUnavailable(f"the store at {_shown(url)} is not available: {first_line}")


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)
