"""Database URLs as people write them, with the driver each side of the store needs."""

from __future__ import annotations

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from domain.errors import InvalidValue

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
_BACKENDS = {"sqlite": SQLITE, "postgresql": POSTGRESQL, "postgres": POSTGRESQL}
_ASYNC_DRIVERS = {SQLITE: "sqlite+aiosqlite", POSTGRESQL: "postgresql+psycopg"}
_SYNC_DRIVERS = {SQLITE: "sqlite+pysqlite", POSTGRESQL: "postgresql+psycopg"}


def async_url(text: str) -> URL:
    """Raises InvalidValue for anything but a SQLite file or PostgreSQL."""
    url, backend = _parse(text)
    return url.set(drivername=_ASYNC_DRIVERS[backend])


def sync_url(text: str) -> URL:
    """Raises InvalidValue for anything but a SQLite file or PostgreSQL."""
    url, backend = _parse(text)
    return url.set(drivername=_SYNC_DRIVERS[backend])


def _parse(text: str) -> tuple[URL, str]:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise InvalidValue("database_url", "...", "is no database URL") from None
    backend = _BACKENDS.get(url.drivername.partition("+")[0])
    shown = url.render_as_string(hide_password=True)
    if backend is None:
        raise InvalidValue("database_url", shown, "must start with sqlite:/// or postgresql://")
    if backend == SQLITE and url.database in {None, "", ":memory:"}:
        raise InvalidValue("database_url", shown, "must name a file: the worker and the API share it")
    return url, backend
