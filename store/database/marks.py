"""What a transaction says of itself while it is on its way."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

_CHANGED = "slakeeper.changed"


def mark_changed(conn: sa.Connection) -> None:
    """Have whoever shows changes told of this transaction once it is committed (PostgreSQL; on SQLite they look)."""
    conn.info[_CHANGED] = True


def take_mark(info: dict[Any, Any]) -> bool:
    """Whether the transaction of the connection with this `info` was marked; from here on it is not."""
    return bool(info.pop(_CHANGED, False))
