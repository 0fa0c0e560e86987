"""Connections and transactions, the same on SQLite and PostgreSQL; what cannot be reached is StoreUnavailable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from domain.errors import SlaError, StoreUnavailable
from store.urls import SQLITE, async_url

# Seconds. libpq takes two as its shortest connect timeout.
CONNECT_TIMEOUT = 2
BUSY_TIMEOUT = 5
POOL_SIZE = 5
POOL_OVERFLOW = 10

_WRITES = "slakeeper_writes"
_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT * 1000}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


class Database:
    """One engine; `read()` and `write()` each yield a connection inside one transaction of its own.

    Every read sees one state of the database throughout. Belongs to the event loop that uses it first.
    """

    def __init__(self, url: str) -> None:
        parsed = async_url(url)
        self.shown_url = parsed.render_as_string(hide_password=True)
        self.is_sqlite = parsed.get_backend_name() == SQLITE
        options: dict[str, Any] = {} if self.is_sqlite else _postgresql_options()
        engine = create_async_engine(
            parsed, pool_size=POOL_SIZE, max_overflow=POOL_OVERFLOW, pool_timeout=BUSY_TIMEOUT, **options
        )
        self._engine = engine
        self._reader, self._writer = _sqlite_engines(engine) if self.is_sqlite else _postgresql_engines(engine)
        # SQLite has one writer at a time and polls for its turn; a queue inside the process is fair and quicker.
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Raises StoreUnavailable when the database cannot be reached."""
        with self._translated():
            async with self._reader.begin() as conn:
                yield conn

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Commits at the end, rolls back on any exception. Raises StoreUnavailable as `read` does."""
        async with self._own_turn():
            with self._translated():
                async with self._writer.begin() as conn:
                    yield conn

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def _own_turn(self) -> AsyncIterator[None]:
        if not self.is_sqlite:
            yield
            return
        try:
            async with asyncio.timeout(BUSY_TIMEOUT):
                await self._turn.acquire()
        except TimeoutError:
            raise StoreUnavailable(f"the store at {self.shown_url} is busy: too many writers wait") from None
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise self._unavailable(error) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise self._unavailable(error) from error
            raise
        except StatementError as error:
            # What a column type refuses arrives wrapped.
            if isinstance(error.orig, SlaError):
                raise error.orig from None
            raise

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        cause = getattr(error, "orig", None) or error
        first_line = (str(cause).splitlines() or [type(cause).__name__])[0]
        return StoreUnavailable(f"the store at {self.shown_url} is not available: {first_line}")


def _postgresql_options() -> dict[str, Any]:
    # tcp_user_timeout, in milliseconds: a peer that vanished without a word is noticed.
    arguments = {"connect_timeout": CONNECT_TIMEOUT, "tcp_user_timeout": BUSY_TIMEOUT * 1000}
    return {"pool_pre_ping": True, "connect_args": arguments}


def _postgresql_engines(engine: AsyncEngine) -> tuple[AsyncEngine, AsyncEngine]:
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return reader, engine.execution_options(isolation_level="READ COMMITTED")


def _sqlite_engines(engine: AsyncEngine) -> tuple[AsyncEngine, AsyncEngine]:
    event.listen(engine.sync_engine, "connect", prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine, engine.execution_options(**{_WRITES: True})


def prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    # The driver opens no transactions by itself: `begin` decides between deferred and immediate.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(conn: Connection) -> None:
    immediate = conn.get_execution_options().get(_WRITES, False)
    conn.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
