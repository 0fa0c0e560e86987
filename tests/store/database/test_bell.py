"""What is committed is told to whoever listens, on PostgreSQL; on SQLite one looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import psycopg
import pytest

from store.database.backends import bell
from store.database.marks import mark_changed
from store.store import Store
from tests.store.conftest import PostgresServer
from tests.store.samples import an_opening

SOON = 10
OTHERS = "pid <> pg_backend_pid() AND query LIKE 'LISTEN%'"


class Ear:
    """What a listener has heard; `None` where nothing was said for a while."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[bool] = asyncio.Queue()

    async def next(self, seconds: float = SOON) -> bool | None:
        try:
            return await asyncio.wait_for(self.heard.get(), seconds)
        except TimeoutError:
            return None


@pytest.fixture
def backend() -> str:
    return "postgresql"


@pytest.fixture
async def ear(open_store: Callable[[], Store]) -> AsyncIterator[Ear]:
    """Of another process, which listens by now."""
    ear = Ear()
    listening = asyncio.create_task(open_store().changes.listen(ear.heard.put_nowait))
    assert await ear.next() is True
    yield ear
    listening.cancel()


async def test_a_record_is_told_to_another_process(store: Store, ear: Ear) -> None:
    await store.instances.apply(an_opening("1"))
    assert await ear.next() is True


async def test_a_record_that_is_there_already_is_no_news(store: Store, ear: Ear) -> None:
    await store.instances.apply(an_opening("1"))
    assert await ear.next() is True
    await store.instances.apply(an_opening("1"))
    assert await ear.next(0.2) is None


async def test_what_is_undone_is_not_told(store: Store, ear: Ear) -> None:
    async def undone() -> None:
        async with store.database.transaction():
            await store.instances.apply(an_opening("1"))
            raise ValueError("undone")

    with pytest.raises(ValueError, match="undone"):
        await undone()
    # Not with the next transaction of the same connection either.
    await store.organizations.list()
    assert await ear.next(0.2) is None


async def test_many_records_are_told_with_few_words(store: Store, ear: Ear) -> None:
    await asyncio.gather(*(store.instances.apply(an_opening(str(number))) for number in range(20)))
    told = 0
    while await ear.next(0.3):
        told += 1
    assert 1 <= told < 20


async def test_a_listener_whose_connection_is_lost_says_so_and_listens_again(
    store: Store, ear: Ear, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "AGAIN_SECONDS", 0.05)
    assert terminated(postgres) == 1
    assert await ear.next() is False
    assert await ear.next() is True, "what was told meanwhile"
    await store.instances.apply(an_opening("1"))
    assert await ear.next() is True


async def test_a_server_that_cannot_be_reached_is_tried_until_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bell, "AGAIN_SECONDS", 0.01)
    ear = Ear()
    nowhere = {"host": "127.0.0.1", "port": 1, "connect_timeout": 2}
    listening = asyncio.create_task(bell.listen(nowhere, ear.heard.put_nowait))
    assert [await ear.next(), await ear.next()] == [False, False]
    listening.cancel()


async def test_a_bell_that_cannot_be_rung_harms_no_record(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused() -> None:
        raise OSError("no way")

    monkeypatch.setattr(store.database._backend._bell, "_notify", refused)  # type: ignore[union-attr]
    await store.database.write(mark_changed)
    await asyncio.sleep(0)
    await store.instances.apply(an_opening("1"))
    assert await store.instances.get("default", an_opening("1").instance_id) is not None


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_on_sqlite_nobody_tells(store: Store, backend: str) -> None:
    ear = Ear()
    await asyncio.wait_for(store.changes.listen(ear.heard.put_nowait), SOON)
    assert ear.heard.empty()


def terminated(server: PostgresServer) -> int:
    """How many listening backends of the server were ended."""
    with psycopg.connect(server.url, autocommit=True) as conn:
        found = conn.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OTHERS}".encode())
        return len(found.fetchall())
