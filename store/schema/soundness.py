"""Checking a SQLite file before anything runs, so that damage does not show only when the first ticket arrives."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

# The longest wait at a start. Enough for about a gigabyte; damage further back is found when it is read.
CHECK_SECONDS = 2.0
BUSY_SECONDS = 5.0
_SOUND = "ok"
_STEPS_BETWEEN_LOOKS = 100_000


def fault(conn: sqlite3.Connection) -> str | None:
    """The fault of the file of a connection that is in a writing transaction, None if it has none.

    A file that takes no writes may show only at the commit.
    """
    try:
        found = _damage(conn)
        _rewrite(conn)
    except sqlite3.DatabaseError as error:
        return str(error)
    return found


def fault_of_file(path: Path) -> str | None:
    """The fault of a file, None if it has none or does not exist."""
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)) as conn:
            conn.execute("BEGIN IMMEDIATE")
            found = fault(conn)
            conn.execute("ROLLBACK" if found else "COMMIT")
    except sqlite3.DatabaseError as error:
        return str(error)
    return found


def _damage(conn: sqlite3.Connection) -> str | None:
    deadline = time.monotonic() + CHECK_SECONDS
    conn.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
    try:
        (found,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return None
    finally:
        conn.set_progress_handler(None, 0)
    return None if found == _SOUND else f"it is damaged: {' '.join(found.split())}"


def _rewrite(conn: sqlite3.Connection) -> None:
    """Write something that changes nothing."""
    (version,) = conn.execute("PRAGMA user_version").fetchone()
    conn.execute(f"PRAGMA user_version = {version}")
