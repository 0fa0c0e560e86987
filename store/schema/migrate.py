"""Bringing a database to the newest schema. Running it twice, or by several processes at once, is safe."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.engine import URL, Connection

from domain.errors import Conflict
from store.database.urls import SQLITE, sync_url
from store.schema.preparing import require_sound, shown, transaction, unavailable

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number, the same for all processes: the one that holds the lock migrates, others wait.
_ADVISORY_LOCK = 7_525_337
# Alembic keeps its context in a module.
_one_at_a_time = threading.Lock()


def upgrade(database_url: str) -> None:
    """Bring the database to the newest schema.

    Raises StoreUnavailable when the database cannot be reached or made, is damaged, or takes no writes; Conflict when
    it is newer than this code.
    """
    url = sync_url(database_url)
    if url.get_backend_name() == SQLITE:
        _make_folder(url)
    try:
        with _one_at_a_time, transaction(url) as conn:
            _wait_for_others(conn)
            require_sound(conn, url)
            command.upgrade(migration_config(conn), "head")
            # The database must take writes even if there is nothing to migrate.
            conn.execute(text("UPDATE alembic_version SET version_num = version_num"))
    except CommandError as error:
        raise Conflict(f"the schema of {shown(url)} is not one this version knows: {error}") from error


def migration_config(conn: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    return config


def head() -> str | None:
    """The newest revision that this code knows."""
    return ScriptDirectory.from_config(migration_config()).get_current_head()


def _make_folder(url: URL) -> None:
    folder = Path(url.database or "").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unavailable(url, f"{error.strerror}: {folder}") from error


def _wait_for_others(conn: Connection) -> None:
    if conn.dialect.name != SQLITE:
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
