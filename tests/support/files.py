"""Files of SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def content_of(database: Path) -> bytes:
    """Of a database that is in use."""
    copy = database.with_suffix(".copy")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("VACUUM INTO ?", [str(copy)])
    return copy.read_bytes()
