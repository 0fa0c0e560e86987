from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.util import await_only

from domain.errors import InvalidValue, StoreUnavailable
from store.database.connections import Database
from store.schema import tables
from store.schema.migrate import upgrade
from store.store import Store
from tests.store.samples import ORGANIZATION, an_opening

WRITE_MANY = """
import asyncio, sys
from store.store import Store
from tests.store.samples import an_opening
from tests.support.processes import part
async def main(url, name):
    store = Store.open(url)
    for number in range(40):
        await store.instances.apply(an_opening(f"{name}-{number}"))
    await store.close()
url, *names = sys.argv[1:]
Store.open(url)  # imports what stores of this kind need
part(lambda name: asyncio.run(main(url, name)), names)
"""


async def count(store: Store, table: sa.Table) -> int:
    return await store.database.read(lambda conn: conn.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


async def rename(store: Store, name: str) -> None:
    await store.database.write(lambda conn: conn.execute(sa.update(tables.organizations).values(name=name)))


def in_a_greenlet(conn: sa.Connection, work: Callable[[], None]) -> None:
    """Something that blocks, in the middle of work that on PostgreSQL runs in the event loop's own thread."""
    if conn.dialect.is_async:
        await_only(asyncio.to_thread(work))
    else:
        work()


async def refused(url: str) -> tuple[str, float]:
    """The message of StoreUnavailable for a read and for a write, and how long the slower one took."""
    database = Database(url)
    took = 0.0
    for transaction in (database.read, database.write):
        before = time.monotonic()
        with pytest.raises(StoreUnavailable) as refusal:
            await transaction(lambda conn: conn.execute(sa.select(tables.organizations)))
        took = max(took, time.monotonic() - before)
    await database.close()
    return str(refusal.value), took


async def test_a_database_that_is_not_migrated_yet_is_unavailable(open_store: Callable[[], Store]) -> None:
    store = open_store()
    await store.database.write(lambda conn: conn.execute(sa.text("DROP TABLE deliveries")))
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
    store = Store(Database(database_url, timeout=0.3))
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
    ours, theirs = Store(Database(database_url, timeout=0.3)), Store.open(database_url)
    async with theirs.database.transaction():
        await rename(theirs, "held")
        with pytest.raises(StoreUnavailable):
            await rename(ours, "wanted")
    await rename(ours, "wanted")
    for store in (ours, theirs):
        await store.close()


async def test_many_writers_at_once_all_get_their_turn(database_url: str) -> None:
    stores = [Store(Database(database_url, timeout=60)) for _ in range(3)]
    openings = [an_opening(str(number)) for number in range(150)]
    await asyncio.gather(*(stores[index % 3].instances.apply(opening) for index, opening in enumerate(openings)))
    assert await count(stores[0], tables.instances) == 150
    for store in stores:
        await store.close()


async def test_writers_in_several_processes_all_get_their_turn(store: Store, database_url: str) -> None:
    root = Path(__file__).parents[3]
    command = (sys.executable, "-c", WRITE_MANY, database_url, "one", "two", "three")
    started = await asyncio.create_subprocess_exec(*command, cwd=root, stderr=asyncio.subprocess.PIPE)
    _, errors = await started.communicate()
    assert started.returncode == 0, errors
    assert await count(store, tables.instances) == 120


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_server_that_dropped_its_connections_is_used_again_at_once(open_store: Callable[[], Store]) -> None:
    ours, theirs = open_store(), open_store()
    await ours.instances.apply(an_opening())
    await theirs.database.write(
        lambda conn: conn.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    )
    assert (await ours.instances.list(ORGANIZATION, limit=1, offset=0))[1] == 1


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_connection_that_is_still_busy_is_never_used_again(database_url: str) -> None:
    database = Database(database_url)
    busy = await database.read(lambda conn: conn.connection.driver_connection)
    assert busy is not None
    busy.pgconn.send_query(b"SELECT pg_sleep(60)")
    for transaction in (database.read, database.write):
        assert await transaction(lambda conn: conn.connection.driver_connection) is not busy
    await database.close()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_connection_lost_in_the_middle_is_unavailable_and_nothing_is_kept(
    open_store: Callable[[], Store],
) -> None:
    ours, theirs = open_store(), open_store()
    with pytest.raises(StoreUnavailable):  # noqa: PT012  # which statement notices is the driver's affair
        async with ours.database.transaction():
            await rename(ours, "lost")
            pid = await ours.database.read(lambda conn: conn.scalar(sa.text("SELECT pg_backend_pid()")))
            await theirs.database.write(
                lambda conn: conn.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            )
            await rename(ours, "lost too")
    assert (await ours.organizations.get(ORGANIZATION)).name == "default"


async def test_a_read_sees_one_state_throughout(open_store: Callable[[], Store]) -> None:
    ours, theirs = open_store(), open_store()
    loop, calendar = asyncio.get_running_loop(), (await theirs.calendars.default(ORGANIZATION)).calendar
    version = sa.select(tables.organizations.c.config_version)

    def change() -> None:
        made = asyncio.run_coroutine_threadsafe(theirs.calendars.create(ORGANIZATION, "n", calendar), loop)
        made.result(timeout=10)

    def twice(conn: sa.Connection) -> tuple[int, int]:
        before = conn.scalars(version).one()
        in_a_greenlet(conn, change)
        return before, conn.scalars(version).one()

    before, after = await ours.database.read(twice)
    assert before == after
    assert (await ours.organizations.get(ORGANIZATION)).config_version == before + 1


async def test_an_exception_inside_a_write_undoes_it(store: Store) -> None:
    def fail(conn: sa.Connection) -> None:
        conn.execute(sa.update(tables.organizations).values(name="gone"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.database.write(fail)
    assert (await store.organizations.get(ORGANIZATION)).name == "default"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_commit_on_sqlite_is_on_disk_before_it_is_answered(store: Store) -> None:
    def pragmas(conn: sa.Connection) -> dict[str, Any]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return {name: conn.scalar(sa.text(f"PRAGMA {name}")) for name in names}

    for use in (store.database.read, store.database.write):
        assert await use(pragmas) == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_server_that_is_frozen_is_given_up(database_url: str) -> None:
    """Its connection stays open and nothing comes back; the driver tries for ten seconds to cancel."""
    database = Database(database_url, timeout=0.5)
    backend = await database.read(lambda conn: conn.scalar(sa.text("SELECT pg_backend_pid()")))
    os.kill(backend, signal.SIGSTOP)
    try:
        with pytest.raises(StoreUnavailable, match="does not answer"):
            await database.read(lambda conn: conn.execute(sa.text("SELECT 1")))
    finally:
        os.kill(backend, signal.SIGCONT)
        await database.close()
