"""Database URLs as people write them, with the driver that the store uses."""

from __future__ import annotations

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from domain.errors import InvalidValue

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
_BACKENDS = {"sqlite": SQLITE, "postgresql": POSTGRESQL, "postgres": POSTGRESQL}
_DRIVERS = {SQLITE: "sqlite+pysqlite", POSTGRESQL: "postgresql+psycopg"}


def sync_url(text: str) -> URL:
    """The URL with the driver that the store uses. Raises InvalidValue unless it names a SQLite file or PostgreSQL."""
    url, backend = _parse(text)
    return url.set(drivername=_DRIVERS[backend])


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
