"""Connections and transactions, the same on SQLite and PostgreSQL; what cannot be reached is StoreUnavailable."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, ExceptionContext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from domain.errors import SlaError, StoreUnavailable
from store.urls import SQLITE, async_url

# Seconds. libpq takes two as its shortest connect timeout.
CONNECT_TIMEOUT = 2
PATIENCE = 5.0
STATEMENT_TIMEOUT = 30
POOL_SIZE = 10

_WRITES = "slakeeper_writes"
# What drivers do not call operational: on PostgreSQL tables and columns that the migrations have not made yet, a
# server that takes no writes, damaged data; on SQLite a damaged file, and a file that is none of its own.
_UNUSABLE_STATES = {"42P01", "42703", "25006", "XX001", "XX002"}
_UNUSABLE_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY_CODE = 0xFF


class _SqliteConnection(sqlite3.Connection):
    def close(self) -> None:
        # A cancelled task leaves a cursor behind; while it lives SQLite keeps even a closed connection, with its locks.
        if self.in_transaction:
            self.rollback()
        super().close()


_SQLITE_OPTIONS: dict[str, Any] = {"connect_args": {"factory": _SqliteConnection}}


class Database:
    """One engine; `read()` and `write()` each yield a connection inside one transaction of its own.

    Every read sees one state of the database throughout. Belongs to the event loop that uses it first. Inside
    `transaction()` both join its transaction instead.
    """

    def __init__(self, url: str, patience: float = PATIENCE) -> None:
        """`patience`: how many seconds to wait for a connection, for a lock, for the turn to write."""
        parsed = async_url(url)
        self.shown_url = parsed.render_as_string(hide_password=True)
        self.is_sqlite = parsed.get_backend_name() == SQLITE
        self._patience = patience
        options = _SQLITE_OPTIONS if self.is_sqlite else _postgresql_options(parsed, patience)
        # No overflow: a connection made for one transaction costs more than the wait for the next free one.
        pool: dict[str, Any] = {"pool_size": POOL_SIZE, "max_overflow": 0, "pool_timeout": patience}
        self._engine = create_async_engine(parsed, json_deserializer=self._document, **pool, **options)
        make_pair = partial(_sqlite_pair, patience=patience) if self.is_sqlite else _postgresql_pair
        self._reader, self._writer = make_pair(self._engine)
        # SQLite has one writer at a time and polls for its turn; a queue inside the process is fair and quicker.
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Raises StoreUnavailable when the database cannot be reached."""
        with self._translated():
            if (joined := self._joined()) is not None:
                yield joined
                return
            async with self._deadline(), self._reader.begin() as conn:
                yield conn

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Commits at the end, rolls back on any exception. Raises StoreUnavailable as `read` does."""
        if (joined := self._joined()) is not None:
            with self._translated():
                async with joined.begin_nested():
                    yield joined
            return
        async with self._own_turn():
            with self._translated():
                async with self._deadline(), self._writer.begin() as conn:
                    yield conn

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Makes one transaction of every `read` and `write` inside: all of them are kept, or none on any exception.

        A write that fails and is caught undoes itself alone; a read sees what the transaction wrote, and on PostgreSQL
        what others commit meanwhile. Only in this very task: one that it starts has transactions of its own, for which
        SQLite will not give it a turn before this one ends.
        """
        async with self.write() as conn:
            token = _ambient.set(_Ambient(self, asyncio.current_task(), conn))
            try:
                yield
            finally:
                _ambient.reset(token)

    async def close(self) -> None:
        await self._engine.dispose()

    def _joined(self) -> AsyncConnection | None:
        around = _ambient.get()
        if around is None or around.database is not self or around.task is not asyncio.current_task():
            return None
        return around.conn

    def _deadline(self) -> asyncio.Timeout:
        # A server that is frozen keeps its connections and answers nothing, so its own limits never strike.
        return asyncio.timeout(None if self.is_sqlite else 2 * self._patience)

    @asynccontextmanager
    async def _own_turn(self) -> AsyncIterator[None]:
        if not self.is_sqlite:
            yield
            return
        try:
            async with asyncio.timeout(self._patience):
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
        except TimeoutError as error:
            raise StoreUnavailable(f"the store at {self.shown_url} does not answer") from error
        except PoolTimeout as error:
            raise self._unavailable(error) from error
        except DBAPIError as error:
            if is_unusable(error):
                raise self._unavailable(error) from error
            raise
        except StatementError as error:
            # What a column type refuses arrives wrapped.
            if isinstance(error.orig, SlaError):
                raise error.orig from None
            raise

    def _document(self, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            # Damage that a file's own structure does not show.
            raise StoreUnavailable(f"the store at {self.shown_url} is damaged: a document is none") from error

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        cause = getattr(error, "orig", None) or error
        first_line = (str(cause).splitlines() or [type(cause).__name__])[0]
        return StoreUnavailable(f"the store at {self.shown_url} is not available: {first_line}")


def is_unusable(error: DBAPIError) -> bool:
    """Whether the database is at fault, and not what it was asked."""
    if isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated:
        return True
    state, code = getattr(error.orig, "sqlstate", None), getattr(error.orig, "sqlite_errorcode", 0)
    return state in _UNUSABLE_STATES or code & _PRIMARY_CODE in _UNUSABLE_CODES


@dataclass(frozen=True, slots=True)
class _Ambient:
    database: Database
    task: asyncio.Task[Any] | None
    conn: AsyncConnection


_ambient: ContextVar[_Ambient | None] = ContextVar("ambient", default=None)


def is_provisional() -> bool:
    """Whether what is read here may still be undone."""
    return _ambient.get() is not None


def _postgresql_options(url: URL, patience: float) -> dict[str, Any]:
    millis = round(patience * 1000)
    arguments = {
        "connect_timeout": CONNECT_TIMEOUT,
        # A peer that vanished without a word is noticed.
        "tcp_user_timeout": millis,
        "options": f"-c lock_timeout={millis} -c statement_timeout={STATEMENT_TIMEOUT * 1000}",
    }
    own = {name: value for name, value in arguments.items() if name not in url.query}
    return {"pool_pre_ping": True, "connect_args": own}


def _postgresql_pair(engine: AsyncEngine) -> tuple[AsyncEngine, AsyncEngine]:
    event.listen(engine.sync_engine, "handle_error", _give_up_what_fails_a_ping)
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return reader, engine.execution_options(isolation_level="READ COMMITTED")


def _give_up_what_fails_a_ping(context: ExceptionContext) -> None:
    """A task cancelled in the middle of a statement may leave it running; the driver calls its connection misused."""
    if context.is_pre_ping:
        context.is_disconnect = True


def _sqlite_pair(engine: AsyncEngine, patience: float) -> tuple[AsyncEngine, AsyncEngine]:
    event.listen(engine.sync_engine, "connect", partial(prepare_sqlite, patience=patience))
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine, engine.execution_options(**{_WRITES: True})


def prepare_sqlite(dbapi_connection: Any, _record: Any, patience: float) -> None:
    """WAL for readers beside a writer; FULL because what was answered must survive a power cut."""
    # The driver opens no transactions by itself: `begin` decides between deferred and immediate.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {round(patience * 1000)}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(conn: Connection) -> None:
    immediate = conn.get_execution_options().get(_WRITES, False)
    conn.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
