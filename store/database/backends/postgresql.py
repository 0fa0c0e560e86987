"""A PostgreSQL server. Its driver is asynchronous, so statements need no thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from store.database.backends.bell import CHANNEL, Bell, Heard, listen
from store.database.backends.progress import WaitProgress
from store.database.backends.writing import WRITES, Work
from store.database.marks import take_mark
from store.database.types import serialise

T = TypeVar("T")

# Seconds. The shortest connect timeout of libpq is two.
CONNECT_TIMEOUT = 2
STATEMENT_TIMEOUT = 30
POOL_SIZE = 10


class PostgresqlSession:
    """A transaction that one task holds."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def run(self, work: Work[T]) -> T:
        return await self._conn.run_sync(work)


class Postgresql:
    def __init__(self, url: URL, timeout: float, document: Callable[[str], Any]) -> None:
        self._timeout = timeout
        arguments = _arguments(url, timeout)
        # No overflow: making a connection for one transaction takes longer than waiting for a free one.
        pool: dict[str, Any] = {"pool_size": POOL_SIZE, "max_overflow": 0, "pool_timeout": timeout}
        options = {**pool, "pool_pre_ping": True, "connect_args": arguments}
        engine = create_async_engine(url, json_serializer=serialise, json_deserializer=document, **options)
        event.listen(engine.sync_engine, "handle_error", _give_up_what_fails_a_ping)
        self.engine = engine.sync_engine
        self._disposed = engine
        self._reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._writer = engine.execution_options(isolation_level="READ COMMITTED", **{WRITES: True})
        # The pool itself counts seconds only, however fast its connections come and go.
        self._free = asyncio.Semaphore(POOL_SIZE)
        self._progress = WaitProgress(timeout)
        self._bell = Bell(self._notify)
        self._connect_to = {**engine.sync_engine.dialect.create_connect_args(url)[1], **arguments}

    async def read(self, work: Work[T]) -> T:
        async with self._begun(self._reader) as conn:
            return await conn.run_sync(work)

    async def write(self, work: Work[T]) -> T:
        async with self._begun(self._writer) as conn:
            return await conn.run_sync(work)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresqlSession]:
        async with self._begun(self._writer) as conn:
            yield PostgresqlSession(conn)

    async def listen(self, heard: Heard) -> None:
        await listen(self._connect_to, heard)

    async def close(self) -> None:
        await self._bell.close()
        await self._disposed.dispose()

    async def _notify(self) -> None:
        async with self._begun(self._writer) as conn:
            # What is lost when the server stops nobody has listened to.
            await conn.exec_driver_sql("SET LOCAL synchronous_commit TO off")
            await conn.exec_driver_sql(f"NOTIFY {CHANNEL}")

    @asynccontextmanager
    async def _begun(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        await self._progress.until(self._free.acquire)
        try:
            # A server that is frozen keeps its connections and answers nothing, so its own limits never end the wait.
            async with asyncio.timeout(2 * self._timeout), engine.begin() as conn:
                take_mark(conn.info)
                yield conn
                is_news = take_mark(conn.info)
        finally:
            self._free.release()
        self._progress.made()
        if is_news:
            self._bell.ring()


def _arguments(url: URL, timeout: float) -> dict[str, Any]:
    millis = round(timeout * 1000)
    arguments = {
        "connect_timeout": CONNECT_TIMEOUT,
        # Notices a peer that vanished without closing the connection.
        "tcp_user_timeout": millis,
        "options": f"-c lock_timeout={millis} -c statement_timeout={STATEMENT_TIMEOUT * 1000}",
    }
    return {name: value for name, value in arguments.items() if name not in url.query}


def _give_up_what_fails_a_ping(context: ExceptionContext) -> None:
    """Give up a connection whose statement still runs, because its task was cancelled: the driver calls that misuse."""
    if context.is_pre_ping:
        context.is_disconnect = True
