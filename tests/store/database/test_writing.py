"""Many who write at once: they share commits, undo themselves alone, and nobody is refused while others get on."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from domain.errors import StoreUnavailable
from domain.ticket.teams import Team
from store.database.backends import writing
from store.database.connections import Database
from store.lists.listed import ListPart
from store.schema.tables import claims, organizations
from store.store import Store
from tests.store.samples import ORGANIZATION, an_opening

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def add(name: str) -> Callable[[sa.Connection], str]:
    """Adds an organization."""

    def work(conn: sa.Connection) -> str:
        row = {"id": name, "name": name, "subscription": "enterprise", "timezone": "UTC", "config_version": 1}
        row |= {"default_calendar_id": "none", "created_at": sa.func.current_timestamp()}
        conn.execute(sa.insert(organizations).values(row))
        return name

    return work


def failing(name: str) -> Callable[[sa.Connection], str]:
    def work(conn: sa.Connection) -> str:
        add(name)(conn)
        raise ZeroDivisionError(name)

    return work


async def names(store: Store) -> list[str]:
    """In the order in which they were added."""
    added = sa.select(organizations.c.id).where(organizations.c.id != ORGANIZATION).order_by(sa.text("rowid"))
    return await store.database.read(lambda conn: list(conn.scalars(added)))


class Held:
    """The writing thread, held up until everybody has asked."""

    def __init__(self, store: Store) -> None:
        self._begun, self._go = threading.Event(), threading.Event()
        self._task = asyncio.create_task(store.database.write(self._hold))

    def _hold(self, _: sa.Connection) -> None:
        self._begun.set()
        self._go.wait(10)

    async def until_it_holds(self) -> None:
        await asyncio.to_thread(self._begun.wait, 10)

    async def let_go(self) -> None:
        self._go.set()
        await asyncio.wait({self._task})


async def together(store: Store, *jobs: Callable[[sa.Connection], Any]) -> list[Any]:
    """What comes of jobs that wait for the same commit."""
    held = Held(store)
    await held.until_it_holds()
    tasks = [asyncio.create_task(store.database.write(job)) for job in jobs]
    await asyncio.sleep(0)
    await held.let_go()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_however_many_write_at_once_nobody_is_refused(store: Store) -> None:
    results = await asyncio.gather(
        *(store.instances.apply(an_opening(str(number))) for number in range(128)), return_exceptions=True
    )
    assert results == [None] * 128
    assert (await store.instances.list(ORGANIZATION, limit=1, offset=0))[1] == 128


async def test_whoever_waits_longer_than_the_patience_is_not_refused_while_others_get_on(database_url: str) -> None:
    store = Store(Database(database_url, timeout=0.4))

    def slow(conn: sa.Connection) -> None:
        conn.execute(sa.select(sa.func.pg_sleep(0.1)) if conn.dialect.name != "sqlite" else sa.text("SELECT 1"))
        time.sleep(0.02 if conn.dialect.name == "sqlite" else 0)

    began = time.monotonic()
    await asyncio.gather(*(store.database.write(slow) for _ in range(80)))
    assert time.monotonic() - began > 0.4
    await store.close()


@on_sqlite
async def test_a_job_that_fails_undoes_itself_alone_and_only_who_asked_for_it_is_told(store: Store) -> None:
    first, second, third, fourth = await together(store, add("one"), failing("two"), add("three"), failing("four"))
    assert (first, third) == ("one", "three")
    assert [repr(error) for error in (second, fourth)] == ["ZeroDivisionError('two')", "ZeroDivisionError('four')"]
    assert await names(store) == ["one", "three"]


@on_sqlite
async def test_jobs_that_wait_are_committed_together(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "LONGEST_TOGETHER", 60)
    commits: list[Any] = []
    sa.event.listen(store.database.engine, "commit", commits.append)
    await together(store, *(add(f"o{number}") for number in range(20)))
    assert len(commits) == 1


@on_sqlite
async def test_a_commit_takes_no_more_than_so_many_jobs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_TOGETHER", 7)
    monkeypatch.setattr(writing, "LONGEST_TOGETHER", 60)
    commits: list[Any] = []
    sa.event.listen(store.database.engine, "commit", commits.append)
    await together(store, *(add(f"o{number}") for number in range(20)))
    assert len(commits) == 3


@on_sqlite
async def test_jobs_are_done_in_the_order_in_which_they_were_asked_for(store: Store) -> None:
    wanted = [f"o{number}" for number in range(100)]
    await together(store, *map(add, wanted))
    assert await names(store) == wanted


@on_sqlite
async def test_a_commit_that_fails_fails_for_everybody_in_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose claim belongs to no organization is found at the commit."""
    monkeypatch.setattr(writing, "LONGEST_TOGETHER", 60)

    def stray(conn: sa.Connection) -> None:
        conn.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        row = {"organization": "nobody's", "instance_id": "i", "policy_id": "p"}
        conn.execute(sa.insert(claims).values(row | {"claimed_at": sa.func.current_timestamp()}))

    results = await together(store, add("one"), stray, add("three"))
    assert [type(result) for result in results] == [IntegrityError] * 3
    assert await names(store) == []
    await store.database.write(add("four"))
    assert await names(store) == ["four"]


@on_sqlite
async def test_a_job_whose_caller_was_cancelled_while_it_waited_is_not_done(store: Store) -> None:
    held = Held(store)
    await held.until_it_holds()
    tasks = [asyncio.create_task(store.database.write(add(f"o{number}"))) for number in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.wait(tasks[1:2])
    await held.let_go()
    await asyncio.wait(tasks)
    assert tasks[1].cancelled()
    assert await names(store) == ["o0", "o2"]


@on_sqlite
async def test_whoever_waits_is_refused_once_the_thread_stands_still_and_what_is_refused_is_not_done(
    database_url: str,
) -> None:
    store = Store(Database(database_url, timeout=0.2))
    held = Held(store)
    await held.until_it_holds()
    with pytest.raises(StoreUnavailable, match="does not answer"):
        await store.database.write(add("refused"))
    await held.let_go()
    await store.database.write(add("taken"))
    assert await names(store) == ["taken"]
    await store.close()


@on_sqlite
async def test_a_lock_that_another_process_holds_for_a_while_delays_and_refuses_nobody(
    store: Store, database_url: str
) -> None:
    other = sqlite3.connect(make_url(database_url).database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    asyncio.get_running_loop().call_later(2, other.execute, "ROLLBACK")
    await asyncio.gather(*(store.instances.apply(an_opening(str(number))) for number in range(40)))
    assert 2 < time.monotonic() - began < 5
    other.close()


@on_sqlite
async def test_a_process_that_writes_all_the_time_leaves_others_their_turn(open_store: Callable[[], Store]) -> None:
    ours, theirs = open_store(), open_store()
    done = False

    async def keep_writing(number: int) -> None:
        while not done:
            await ours.upkeep.write()

    busy = [asyncio.create_task(keep_writing(number)) for number in range(8)]
    for number in range(20):
        await theirs.instances.apply(an_opening(str(number)))
    done = True
    await asyncio.gather(*busy)


@on_sqlite
async def test_a_process_that_writes_lets_its_threads_take_turns_sooner(store: Store) -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    try:
        await store.upkeep.write()
        assert sys.getswitchinterval() <= 0.001
    finally:
        sys.setswitchinterval(before)


@on_sqlite
async def test_a_transaction_whose_task_is_cancelled_is_undone_and_leaves_the_others_their_turn(store: Store) -> None:
    async def hold() -> None:
        async with store.database.transaction():
            await store.database.write(add("gone"))
            await asyncio.sleep(60)

    holding = asyncio.create_task(hold())
    waiting = asyncio.create_task(store.database.write(add("kept")))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    holding.cancel()
    await waiting
    assert holding.cancelled()
    assert await names(store) == ["kept"]


@on_sqlite
async def test_a_transaction_that_was_cancelled_while_it_waited_for_its_turn_holds_nobody_up(store: Store) -> None:
    held = Held(store)
    await held.until_it_holds()

    async def hold() -> None:
        async with store.database.transaction():
            await asyncio.sleep(60)

    holding = asyncio.create_task(hold())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(store.database.write(add("kept")))
    await asyncio.sleep(0)
    holding.cancel()
    await held.let_go()
    await asyncio.wait_for(waiting, 5)
    assert holding.cancelled()


@on_sqlite
async def test_a_transaction_of_which_nothing_is_heard_any_more_is_undone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LONGEST_PAUSE", 0.1)
    with pytest.raises(StoreUnavailable, match="undone"):  # noqa: PT012  # the exception must come out of the open transaction
        async with store.database.transaction():
            await store.database.write(add("gone"))
            await asyncio.sleep(0.5)
            await store.database.write(add("gone too"))
    assert await names(store) == []
    with pytest.raises(StoreUnavailable, match="undone"):  # noqa: PT012  # the exception must come out of the open transaction
        async with store.database.transaction():
            await store.database.write(add("gone"))
            await asyncio.sleep(0.5)
    assert await names(store) == []


@on_sqlite
async def test_a_commit_that_is_done_before_its_task_looks_up_is_not_called_undone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(queue.SimpleQueue[Any]):
        def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
            super().put(item, block, timeout)
            if isinstance(item, writing.Commit):
                # The thread commits and leaves the transaction meanwhile.
                time.sleep(0.3)

    monkeypatch.setattr(queue, "SimpleQueue", Slow)
    async with store.database.transaction():
        await store.database.write(add("kept"))
    assert await names(store) == ["kept"]


async def test_a_transaction_in_a_transaction_undoes_itself_alone(store: Store) -> None:
    async with store.database.transaction():
        await store.teams.create(ORGANIZATION, Team("kept", "T"))
        with pytest.raises(ZeroDivisionError):  # noqa: PT012  # the exception must come out of the inner one
            async with store.database.transaction():
                await store.teams.create(ORGANIZATION, Team("gone", "T"))
                raise ZeroDivisionError
        async with store.database.transaction():
            await store.teams.create(ORGANIZATION, Team("kept too", "T"))
    teams = (await store.teams.list(ORGANIZATION, ListPart(9))).rows
    assert {stored.team.id for stored in teams} == {"kept", "kept too"}


def of_stores(before: Collection[threading.Thread]) -> list[str]:
    """The threads of stores that have been started since."""
    return [one.name for one in threading.enumerate() if one not in before and one.name.startswith("slakeeper")]


@on_sqlite
async def test_closing_ends_the_threads_and_undoes_a_transaction_that_is_still_open(store: Store) -> None:
    # Those of other stores are not this one's to end.
    before = {*threading.enumerate()}
    async with store.database.transaction():
        await store.database.write(add("kept"))
    with pytest.raises(StoreUnavailable, match="undone"):  # noqa: PT012  # the exception must come out of the open transaction
        async with store.database.transaction():
            await store.database.write(add("gone"))
            started = of_stores(before)
            await store.close()
            assert started
            assert not of_stores(before)
    assert await names(store) == ["kept"]


async def test_a_store_that_was_closed_is_used_again_from_the_start(store: Store) -> None:
    await store.instances.apply(an_opening("1"))
    await store.close()
    await store.instances.apply(an_opening("2"))
    assert (await store.instances.list(ORGANIZATION, limit=1, offset=0))[1] == 2
