"""A SQLite file: several threads read it, one writes."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL

from store.database.backends.writing import WRITES, Work, Writer, WriteSession, is_writing
from store.database.types import serialise

T = TypeVar("T")

READERS = 10
BETWEEN_TRIES = 0.001
"""Seconds.

SQLite itself sleeps up to a tenth of a second. A process that commits all the time leaves shorter gaps.
"""
LONGEST_TURN = 0.0005
"""Seconds after which a computing thread lets another one run.

Each statement releases the interpreter's lock. With the usual 0.005 seconds, a thread beside a busy event loop would
wait so often that it holds the file's lock for tens of milliseconds.
"""
_PRIMARY_CODE = 0xFF


class Sqlite:
    """Threads start on first use. After `close` the next use starts them anew."""

    def __init__(self, url: URL, timeout: float, document: Callable[[str], Any]) -> None:
        self._timeout = timeout
        self.engine = sa.create_engine(
            url, json_serializer=serialise, json_deserializer=document, pool_size=READERS + 1, max_overflow=0
        )
        event.listen(self.engine, "connect", partial(prepare_sqlite, timeout=timeout))
        event.listen(self.engine, "begin", partial(_begin, timeout=timeout))
        self._writing = self.engine.execution_options(**{WRITES: True})
        self._readers: ThreadPoolExecutor | None = None
        self._writer: Writer | None = None

    async def read(self, work: Work[T]) -> T:
        if self._readers is None:
            self._readers = ThreadPoolExecutor(READERS, "slakeeper-reader")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def write(self, work: Work[T]) -> T:
        return await self._the_writer().do(work)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[WriteSession]:
        async with self._the_writer().session() as session:
            yield session

    async def listen(self, heard: Callable[[bool], None]) -> None:
        """Nobody tells: processes share a file."""

    async def close(self) -> None:
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        readers, self._readers = self._readers, None
        writer, self._writer = self._writer, None
        if readers is not None:
            readers.shutdown(cancel_futures=True)
        if writer is not None:
            writer.close()
        self.engine.dispose()

    def _read(self, work: Work[T]) -> T:
        with self.engine.begin() as conn:
            return work(conn)

    def _the_writer(self) -> Writer:
        if self._writer is None:
            sys.setswitchinterval(min(sys.getswitchinterval(), LONGEST_TURN))
            self._writer = Writer(self._writing, self._timeout)
        return self._writer


def prepare_sqlite(dbapi_connection: Any, _record: Any, timeout: float) -> None:
    """WAL lets others read while one writes. FULL, because a change that was answered must survive a power cut."""
    # The driver must not begin transactions itself: `begin` decides between deferred and immediate.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_millis(timeout)}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(conn: sa.Connection, timeout: float) -> None:
    if not is_writing(conn):
        conn.exec_driver_sql("BEGIN")
        return
    file: Any = conn.connection.driver_connection
    file.execute("PRAGMA busy_timeout = 0")
    try:
        deadline = time.monotonic() + timeout
        while not _has_begun(file) and time.monotonic() < deadline:
            time.sleep(BETWEEN_TRIES)
        if not file.in_transaction:
            conn.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        file.execute(f"PRAGMA busy_timeout = {_millis(timeout)}")


def _has_begun(file: sqlite3.Connection) -> bool:
    try:
        file.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & _PRIMARY_CODE != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _millis(seconds: float) -> int:
    return round(seconds * 1000)
