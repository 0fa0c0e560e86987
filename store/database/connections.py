"""Connections and transactions, the same on SQLite and PostgreSQL.

Whatever makes a database unusable is raised as StoreUnavailable.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.errors import SlaError, StoreUnavailable
from store.database.backends.sqlite import Sqlite
from store.database.backends.writing import Work, in_savepoint
from store.database.urls import SQLITE, sync_url

if TYPE_CHECKING:
    from store.database.backends.postgresql import Postgresql

T = TypeVar("T")

TIMEOUT_SECONDS = 5.0
"""Seconds."""

# Failures that drivers do not call operational. On PostgreSQL: tables and columns that the migrations have not made
# yet, a server that takes no writes, damaged data. On SQLite: a damaged file, and a file of another format.
_UNUSABLE_STATES = {"42P01", "42703", "25006", "XX001", "XX002"}
_UNUSABLE_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY_CODE = 0xFF


class _Session(Protocol):
    async def run(self, work: Work[T]) -> T: ...


class Database:
    """`read()` and `write()` each do some work in a transaction of its own; inside `transaction()` they join that one.

    The work is a plain function of a connection. It runs without a break, on SQLite in a thread. It may be given up as
    a whole, so it must have no effects but its statements. A read sees one state of the database throughout. A Database
    belongs to the event loop that uses it first.
    """

    def __init__(self, url: str, timeout: float = TIMEOUT_SECONDS) -> None:
        """`timeout` is in seconds: for a lock, and for a turn while no other job makes progress."""
        parsed = sync_url(url)
        self.shown_url = parsed.render_as_string(hide_password=True)
        self.is_sqlite = parsed.get_backend_name() == SQLITE
        self._backend = (_sqlite if self.is_sqlite else _postgresql)(parsed, timeout, self._document)

    @property
    def engine(self) -> sa.Engine:
        """The engine of all connections, for event listeners."""
        return self._backend.engine

    async def read(self, work: Work[T]) -> T:
        """What `work` returns. Raises StoreUnavailable when the database cannot be reached."""
        with self._translated():
            around = self._joined()
            return await (self._backend.read(work) if around is None else around.run(work))

    async def write(self, work: Work[T]) -> T:
        """What `work` returns, once it is committed.

        Any exception undoes the work. Raises StoreUnavailable as `read` does.
        """
        with self._translated():
            if (around := self._joined()) is not None:
                return await around.run(partial(in_savepoint, work=work))
            return await self._backend.write(work)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """One transaction for every `read` and `write` inside: all of them are committed, or none after an exception.

        A write that fails undoes itself alone if its exception is caught. A read sees what the transaction wrote, and
        on PostgreSQL what others commit meanwhile.

        This holds for the present task only. A task that it starts has its own transactions; on SQLite they wait until
        this one ends.
        """
        if (around := self._joined()) is not None:
            with self._translated():
                async with _nested(around):
                    yield
            return
        with self._translated():
            async with self._backend.transaction() as session:
                token = _ambient.set(_Ambient(self, asyncio.current_task(), session))
                try:
                    yield
                finally:
                    _ambient.reset(token)

    async def listen(self, heard: Callable[[bool], None]) -> None:
        """Tell `heard` whenever a transaction that was marked (`mark_changed`) was committed, by whatever process: True
        for one or several, and once at first; False when from now on nobody tells. Goes on until it is cancelled.

        Some may never be told of. On SQLite none is: it returns at once.
        """
        await self._backend.listen(heard)

    async def close(self) -> None:
        await self._backend.close()

    def _joined(self) -> _Session | None:
        around = _ambient.get()
        if around is None or around.database is not self or around.task is not asyncio.current_task():
            return None
        return around.session

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise StoreUnavailable(f"the store at {self.shown_url} does not answer") from error
        except (PoolTimeout, sqlite3.OperationalError) as error:
            raise self._unavailable(error) from error
        except DBAPIError as error:
            if is_unusable(error):
                raise self._unavailable(error) from error
            raise
        except StatementError as error:
            # SQLAlchemy wraps what a column type raises.
            if isinstance(error.orig, SlaError):
                raise error.orig from None
            raise

    def _document(self, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            # Damage that the structure of the file does not show.
            raise StoreUnavailable(f"the store at {self.shown_url} is damaged: a document is none") from error

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        cause = getattr(error, "orig", None) or error
        first_line = (str(cause).splitlines() or [type(cause).__name__])[0]
        return StoreUnavailable(f"the store at {self.shown_url} is not available: {first_line}")


def is_unusable(error: DBAPIError) -> bool:
    """Whether the error lies with the database, not with the statement."""
    if isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated:
        return True
    state, code = getattr(error.orig, "sqlstate", None), getattr(error.orig, "sqlite_errorcode", 0)
    return state in _UNUSABLE_STATES or code & _PRIMARY_CODE in _UNUSABLE_CODES


def _sqlite(url: URL, timeout: float, document: Callable[[str], Any]) -> Sqlite | Postgresql:
    return Sqlite(url, timeout, document)


def _postgresql(url: URL, timeout: float, document: Callable[[str], Any]) -> Sqlite | Postgresql:
    # A tenth of a second of libraries, which nobody needs beside SQLite.
    from store.database.backends.postgresql import Postgresql  # noqa: PLC0415

    return Postgresql(url, timeout, document)


@dataclass(frozen=True, slots=True)
class _Ambient:
    database: Database
    task: asyncio.Task[Any] | None
    session: _Session


@asynccontextmanager
async def _nested(session: _Session) -> AsyncIterator[None]:
    await session.run(_saying("SAVEPOINT nested"))
    try:
        yield
    except BaseException:
        with suppress(DBAPIError):
            await session.run(_saying("ROLLBACK TO SAVEPOINT nested"))
        raise
    await session.run(_saying("RELEASE SAVEPOINT nested"))


def _saying(statement: str) -> Work[None]:
    def say(conn: sa.Connection) -> None:
        conn.exec_driver_sql(statement)

    return say


_ambient: ContextVar[_Ambient | None] = ContextVar("ambient", default=None)
