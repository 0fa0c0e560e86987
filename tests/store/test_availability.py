from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from domain.errors import InvalidValue, StoreUnavailable
from store import tables
from store.database import Database
from store.migrate import upgrade
from store.store import Store
from tests.store.samples import ORGANIZATION, an_opening

WRITE_MANY = """
import asyncio, sys
from store.store import Store
from tests.store.samples import an_opening
async def main(url, name):
    store = Store.open(url)
    for number in range(40):
        await store.instances.apply(an_opening(f"{name}-{number}"))
    await store.close()
asyncio.run(main(*sys.argv[1:]))
"""


async def count(store: Store, table: sa.Table) -> int:
    async with store.database.read() as conn:
        return await conn.scalar(sa.select(sa.func.count()).select_from(table)) or 0


async def refused(url: str) -> tuple[str, float]:
    """The message of StoreUnavailable for a read and for a write, and how long the slower one took."""
    database = Database(url)
    took = 0.0
    for transaction in (database.read, database.write):
        before = time.monotonic()
        with pytest.raises(StoreUnavailable) as refusal:
            async with transaction() as conn:
                await conn.execute(sa.select(tables.organizations))
        took = max(took, time.monotonic() - before)
    await database.close()
    # A file that could not be opened leaves the driver's thread winding down, and it must not outlive the event loop.
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 1)
    return str(refusal.value), took


async def test_a_database_that_is_not_migrated_yet_is_unavailable(open_store: Callable[[], Store]) -> None:
    store = open_store()
    async with store.database.write() as conn:
        await conn.execute(sa.text("DROP TABLE deliveries"))
    with pytest.raises(StoreUnavailable, match="deliveries"):
        await count(store, tables.deliveries)


async def test_a_server_that_is_not_there_is_unavailable_and_its_password_is_not_told() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"postgresql://me:s3cret@127.0.0.1:{reserved.getsockname()[1]}/sla"
        message, _ = await refused(url)
        assert "s3cret" not in message
        with pytest.raises(StoreUnavailable) as refusal:
            upgrade(url)
    assert "s3cret" not in str(refusal.value)


async def test_a_server_that_never_answers_is_given_up_after_seconds() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        _, took = await refused(f"postgresql://127.0.0.1:{silent.getsockname()[1]}/sla")
    assert took < 4


async def test_a_file_that_cannot_be_opened_is_unavailable_and_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "slakeeper.db", tmp_path):
        message, _ = await refused(f"sqlite:///{path}")
        assert str(path) in message


async def test_a_database_without_a_schema_is_unavailable(tmp_path: Path) -> None:
    await refused(f"sqlite:///{tmp_path / 'empty.db'}")


@pytest.mark.parametrize("url", ["mysql://localhost/sla", "sqlite://", "sqlite:///:memory:", "nonsense"])
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(InvalidValue, match="database_url"):
        Database(url)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_locked_file_stops_writers_for_a_while_and_readers_not_at_all(database_url: str) -> None:
    store = Store(Database(database_url, patience=0.3))
    other = sqlite3.connect(make_url(database_url).database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    before = time.monotonic()
    writers = [store.instances.apply(an_opening(str(number))) for number in range(20)]
    results = await asyncio.gather(*writers, return_exceptions=True)
    assert all(isinstance(result, StoreUnavailable) for result in results)
    assert time.monotonic() - before < 3
    assert (await store.instances.list(ORGANIZATION, limit=1, offset=0))[1] == 0
    other.execute("ROLLBACK")
    other.close()
    await store.instances.apply(an_opening())
    await store.close()


async def test_a_row_that_another_transaction_holds_is_waited_for_and_then_unavailable(database_url: str) -> None:
    ours, theirs = Store(Database(database_url, patience=0.3)), Store.open(database_url)
    async with theirs.database.write() as conn:
        await conn.execute(sa.update(tables.organizations).values(name="held"))
        with pytest.raises(StoreUnavailable):
            async with ours.database.write() as other:
                await other.execute(sa.update(tables.organizations).values(name="wanted"))
    async with ours.database.write() as other:
        await other.execute(sa.update(tables.organizations).values(name="wanted"))
    for store in (ours, theirs):
        await store.close()


async def test_many_writers_at_once_all_get_their_turn(database_url: str) -> None:
    stores = [Store(Database(database_url, patience=60)) for _ in range(3)]
    openings = [an_opening(str(number)) for number in range(150)]
    await asyncio.gather(*(stores[index % 3].instances.apply(opening) for index, opening in enumerate(openings)))
    assert await count(stores[0], tables.instances) == 150
    for store in stores:
        await store.close()


async def test_writers_in_several_processes_all_get_their_turn(store: Store, database_url: str) -> None:
    root = Path(__file__).parents[2]
    command = (sys.executable, "-c", WRITE_MANY, database_url)
    started = [
        await asyncio.create_subprocess_exec(*command, name, cwd=root, stderr=asyncio.subprocess.PIPE)
        for name in ("one", "two", "three")
    ]
    errors = [(await process.communicate())[1] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], errors
    assert await count(store, tables.instances) == 120


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_server_that_dropped_its_connections_is_used_again_at_once(open_store: Callable[[], Store]) -> None:
    ours, theirs = open_store(), open_store()
    await ours.instances.apply(an_opening())
    async with theirs.database.write() as conn:
        await conn.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert (await ours.instances.list(ORGANIZATION, limit=1, offset=0))[1] == 1


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_connection_that_is_still_busy_is_never_used_again(database_url: str) -> None:
    database = Database(database_url)
    async with database.read() as conn:
        busy = (await conn.get_raw_connection()).driver_connection
    assert busy is not None
    busy.pgconn.send_query(b"SELECT pg_sleep(60)")
    for transaction in (database.read, database.write):
        async with transaction() as conn:
            assert await conn.scalar(sa.text("SELECT 1")) == 1
            assert (await conn.get_raw_connection()).driver_connection is not busy
    await database.close()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_connection_lost_in_the_middle_is_unavailable_and_nothing_is_kept(
    open_store: Callable[[], Store],
) -> None:
    ours, theirs = open_store(), open_store()
    with pytest.raises(StoreUnavailable):  # noqa: PT012  # which statement notices is the driver's affair
        async with ours.database.write() as conn:
            await conn.execute(sa.update(tables.organizations).values(name="lost"))
            pid = await conn.scalar(sa.text("SELECT pg_backend_pid()"))
            async with theirs.database.write() as other:
                await other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await conn.execute(sa.update(tables.organizations).values(name="lost too"))
    assert (await ours.organizations.get(ORGANIZATION)).name == "default"


async def test_a_read_sees_one_state_throughout(open_store: Callable[[], Store]) -> None:
    ours, theirs = open_store(), open_store()
    async with ours.database.read() as conn:
        before = await conn.scalar(sa.select(tables.organizations.c.config_version))
        await theirs.calendars.create(ORGANIZATION, "n", (await theirs.calendars.default(ORGANIZATION)).calendar)
        assert await conn.scalar(sa.select(tables.organizations.c.config_version)) == before
    assert (await ours.organizations.get(ORGANIZATION)).config_version == (before or 0) + 1


async def test_an_exception_inside_a_write_undoes_it(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012  # the exception must come out of the open transaction
        async with store.database.write() as conn:
            await conn.execute(sa.update(tables.organizations).values(name="gone"))
            raise ZeroDivisionError
    assert (await store.organizations.get(ORGANIZATION)).name == "default"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_commit_on_sqlite_is_on_disk_before_it_is_answered(store: Store) -> None:
    async with store.database.read() as conn:
        pragmas = {name: await conn.scalar(sa.text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")}
        assert await conn.scalar(sa.text("PRAGMA foreign_keys")) == 1
    assert pragmas == {"journal_mode": "wal", "synchronous": 2}


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_server_that_is_frozen_is_given_up(database_url: str) -> None:
    """Its connection stays open and nothing comes back; the driver tries for ten seconds to cancel."""
    database = Database(database_url, patience=0.5)
    async with database.read() as conn:
        backend = await conn.scalar(sa.text("SELECT pg_backend_pid()"))
    os.kill(backend, signal.SIGSTOP)
    try:
        with pytest.raises(StoreUnavailable, match="does not answer"):
            async with database.read() as conn:
                await conn.execute(sa.text("SELECT 1"))
    finally:
        os.kill(backend, signal.SIGCONT)
        await database.close()
