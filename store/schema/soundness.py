"""Whether a SQLite file can be relied upon: looked at before anything runs, not when the first ticket needs it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

# A start may wait that long. Enough for a gigabyte or so; what lies behind is found when it is read.
CHECK_SECONDS = 2.0
BUSY_SECONDS = 5.0
_SOUND = "ok"
_STEPS_BETWEEN_LOOKS = 100_000


def fault(conn: sqlite3.Connection) -> str | None:
    """What is wrong with the file of a connection that is inside a writing transaction, or None.

    Whether it takes a write shows at the latest when that is committed.
    """
    try:
        found = _damage(conn)
        _rewrite(conn)
    except sqlite3.DatabaseError as error:
        return str(error)
    return found


def fault_of_file(path: Path) -> str | None:
    """What is wrong with a file, or None; also where there is none yet."""
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
    """The same as before, on disk anew."""
    (version,) = conn.execute("PRAGMA user_version").fetchone()
    conn.execute(f"PRAGMA user_version = {version}")
