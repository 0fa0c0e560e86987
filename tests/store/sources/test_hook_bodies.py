"""What ticket systems have sent, on both databases: kept in order, settled by one worker at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from domain.errors import Conflict, NotFound, Outdated
from domain.instants import DAY, MINUTE, Instant
from store.access.organizations import DEFAULT_ORGANIZATION as ACME
from store.database.clock import system_clock
from store.lists.listed import Found, ListPart
from store.sources.bodies import BodyState, NewBody
from store.sources.settling import LEASE, Lease, Settlement
from store.sources.sources import SourceDocument
from store.store import Store

APPLIED = Settlement(BodyState.APPLIED, [{"outcome": "understood"}], remembered={"7": {"seen": []}})


def body(text: str = "{}") -> NewBody:
    return NewBody(text.encode(), system_clock(), {"x-event": "issues"}, "POST", "http://api/hooks/x")


async def a_source(store: Store) -> str:
    return (await store.sources.create(ACME, SourceDocument("Desk", "github", ("encrypted",)))).id


async def leased(store: Store, source_id: str, worker: str = "a") -> Lease:
    lease = await store.settling.lease(ACME, source_id, worker)
    assert lease is not None
    return lease


def later(store: Store, length: int) -> Store:
    return Store(store.database, lambda: Instant(system_clock() + length))


async def test_bodies_are_numbered_as_they_come_however_many_come_at_once(
    store: Store, open_store: Callable[[], Store]
) -> None:
    source_id = await a_source(store)
    other = open_store()
    numbers = await asyncio.gather(
        *((store, other)[index % 2].hook_bodies.keep(ACME, source_id, body(str(index))) for index in range(40))
    )
    assert sorted(numbers) == list(range(1, 41))
    lease = await leased(store, source_id)
    waiting = await store.settling.waiting(lease, 0, 100)
    assert [one.arrival for one in waiting] == list(range(1, 41))
    content = {number: str(index).encode() for index, number in enumerate(numbers)}
    assert {one.arrival: one.delivery.body for one in waiting} == content


async def test_only_one_of_two_workers_has_a_source_and_the_other_gets_it_when_the_lease_has_run_out(
    store: Store, open_store: Callable[[], Store]
) -> None:
    source_id = await a_source(store)
    other = open_store()
    got = await asyncio.gather(
        *(one.settling.lease(ACME, source_id, name) for one, name in ((store, "a"), (other, "b")))
    )
    assert sum(lease is not None for lease in got) == 1
    [winner] = [lease for lease in got if lease is not None]
    loser = "b" if winner.worker == "a" else "a"
    assert await other.settling.lease(ACME, source_id, loser) is None
    assert await later(other, LEASE + 1).settling.lease(ACME, source_id, loser) is not None


async def test_a_worker_that_has_lost_its_lease_writes_nothing(store: Store) -> None:
    source_id = await a_source(store)
    await store.hook_bodies.keep(ACME, source_id, body())
    slow = await leased(store, source_id, "slow")
    await leased(later(store, LEASE + 1), source_id, "next")
    with pytest.raises(Outdated):
        await store.settling.settle(slow, 1, APPLIED)
    assert (await store.hook_bodies.get(ACME, source_id, 1)).state is BodyState.STORED
    assert await store.settling.remembered(ACME, source_id, ["7"]) == {}


async def test_what_became_of_a_body_and_what_is_remembered_are_written_together(store: Store) -> None:
    source_id = await a_source(store)
    await store.hook_bodies.keep(ACME, source_id, body())
    await store.settling.settle(await leased(store, source_id), 1, APPLIED)
    found = await store.hook_bodies.get(ACME, source_id, 1)
    assert (found.state, found.outcomes) == (BodyState.APPLIED, [{"outcome": "understood"}])
    assert await store.settling.remembered(ACME, source_id, ["7", "8"]) == {"7": {"seen": []}}
    assert await store.settling.ready() == []


async def test_a_body_that_waits_for_another_try_makes_its_source_ready_when_its_time_has_come(store: Store) -> None:
    source_id = await a_source(store)
    await store.hook_bodies.keep(ACME, source_id, body())
    assert await store.settling.ready() == [(ACME, source_id)]
    lease = await leased(store, source_id)
    await store.settling.postpone(lease, 1, Instant(system_clock() + MINUTE), "Temporal does not answer")
    assert await store.settling.ready() == []
    assert await later(store, 2 * MINUTE).settling.ready() == [(ACME, source_id)]
    waiting = await store.hook_bodies.get(ACME, source_id, 1)
    assert (waiting.attempts, waiting.reason) == (1, "Temporal does not answer")


async def test_what_is_set_aside_is_interpreted_once_more_when_it_is_replayed(store: Store) -> None:
    source_id = await a_source(store)
    lease = await leased(store, source_id)
    for number, state in enumerate((BodyState.SET_ASIDE, BodyState.APPLIED, BodyState.SET_ASIDE), 1):
        await store.hook_bodies.keep(ACME, source_id, body())
        await store.settling.settle(lease, number, Settlement(state, (), "status 9"))
    assert await store.hook_bodies.replay_set_aside(ACME, source_id) == 2
    assert [one.arrival for one in await store.settling.waiting(lease, 0, 10)] == [1, 3]
    with pytest.raises(Conflict):
        await store.hook_bodies.replay(ACME, source_id, 1)
    assert (await store.hook_bodies.replay(ACME, source_id, 2)).state is BodyState.STORED


async def test_bodies_are_listed_newest_first_page_by_page(store: Store) -> None:
    source_id = await a_source(store)
    for _ in range(3):
        await store.hook_bodies.keep(ACME, source_id, body())
    page = await store.hook_bodies.list(ACME, source_id, ListPart(2))
    first, total = page.rows, page.total
    rest = (await store.hook_bodies.list(ACME, source_id, ListPart(2, after=page.last))).rows
    assert ([one.arrival for one in first], [one.arrival for one in rest], total) == ([3, 2], [1], 3)
    assert await store.hook_bodies.list(ACME, source_id, ListPart(2), BodyState.APPLIED) == Found([], 0, None)
    assert await store.sources.counts(ACME, [source_id]) == {source_id: {"stored": 3}}


async def test_old_bodies_go_but_for_those_that_still_wait(store: Store) -> None:
    source_id = await a_source(store)
    for _ in range(2):
        await store.hook_bodies.keep(ACME, source_id, body())
    await store.settling.settle(await leased(store, source_id), 1, APPLIED)
    assert await store.hook_bodies.prune(Instant(system_clock() - DAY)) == 0
    assert await store.hook_bodies.prune(Instant(system_clock() + DAY)) == 1
    left = (await store.hook_bodies.list(ACME, source_id, ListPart(10))).rows
    assert [one.arrival for one in left] == [2]


async def test_a_source_that_is_switched_off_keeps_nothing_and_one_that_is_deleted_leaves_nothing(store: Store) -> None:
    source_id = await a_source(store)
    await store.hook_bodies.keep(ACME, source_id, body())
    await store.settling.settle(await leased(store, source_id), 1, APPLIED)
    await store.sources.update(ACME, source_id, lambda document: replace(document, enabled=False))
    with pytest.raises(NotFound):
        await store.hook_bodies.keep(ACME, source_id, body())
    await store.sources.delete(ACME, source_id)
    with pytest.raises(NotFound):
        await store.sources.get(ACME, source_id)
    assert await store.sources.named(source_id) is None
    assert await store.settling.remembered(ACME, source_id, ["7"]) == {}
