from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from domain.errors import IdempotencyKeyReused, StoreUnavailable
from domain.instants import HOUR, SECOND, Instant, Micros
from domain.ticket.teams import Team
from store.access.idempotent_requests import KEPT_FOR, MOST_PURGED, IdempotentRequest, KeptAnswer
from store.access.organizations import begin_change
from store.database.connections import Database
from store.lists.listed import ListPart
from store.schema import tables
from store.store import Store
from tests.store.samples import OPENED, ORGANIZATION, a_policy

REQUEST = IdempotentRequest(ORGANIZATION, "key-1", "digest-1")
ANSWER = KeptAnswer(201, {"location": "/teams/1"}, '{"id": "1"}')


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = OPENED

    def __call__(self) -> Instant:
        return self.at

    def wait(self, time: int) -> None:
        self.at = Instant(self.at + time)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def timed(database_url: str, watch: Watch) -> AsyncIterator[Store]:
    store = Store.open(database_url, watch)
    yield store
    await store.close()


async def kept_keys(store: Store) -> list[str]:
    return await store.database.read(
        lambda conn: list(
            conn.scalars(sa.select(tables.idempotent_requests.c.key).order_by(tables.idempotent_requests.c.key))
        )
    )


async def test_the_first_who_asks_does_the_work_and_the_next_gets_the_answer(store: Store) -> None:
    assert await store.idempotent_requests.claim(REQUEST) is None
    assert await store.idempotent_requests.keep(REQUEST, ANSWER) is ANSWER
    assert await store.idempotent_requests.claim(REQUEST) == ANSWER


async def test_a_key_belongs_to_the_request_it_came_with_from_its_claim_on(store: Store) -> None:
    another = replace(REQUEST, digest="digest-2")
    await store.idempotent_requests.claim(REQUEST)
    with pytest.raises(IdempotencyKeyReused, match="key-1"):
        await store.idempotent_requests.claim(another)
    await store.idempotent_requests.keep(REQUEST, ANSWER)
    with pytest.raises(IdempotencyKeyReused):
        await store.idempotent_requests.claim(another)


async def test_a_key_belongs_to_an_organization(store: Store) -> None:
    await store.organizations.ensure("other")
    await store.idempotent_requests.claim(REQUEST)
    await store.idempotent_requests.keep(REQUEST, ANSWER)
    assert await store.idempotent_requests.claim(IdempotentRequest("other", "key-1", "digest-2")) is None


async def test_of_two_answers_to_the_same_question_the_first_counts(store: Store) -> None:
    await store.idempotent_requests.claim(REQUEST)
    assert await store.idempotent_requests.claim(REQUEST) is None
    await store.idempotent_requests.keep(REQUEST, ANSWER)
    assert await store.idempotent_requests.keep(REQUEST, replace(ANSWER, status=200)) == ANSWER


async def test_work_that_came_to_nothing_frees_its_key(store: Store) -> None:
    await store.idempotent_requests.claim(REQUEST)
    await store.idempotent_requests.release(REQUEST)
    another = replace(REQUEST, digest="digest-2")
    assert await store.idempotent_requests.claim(another) is None
    await store.idempotent_requests.keep(another, ANSWER)
    await store.idempotent_requests.release(another)
    assert await store.idempotent_requests.claim(another) == ANSWER


async def test_an_answer_whose_claim_was_released_meanwhile_is_kept_all_the_same(store: Store) -> None:
    await store.idempotent_requests.claim(REQUEST)
    await store.idempotent_requests.release(REQUEST)
    assert await store.idempotent_requests.keep(REQUEST, ANSWER) is ANSWER
    assert await store.idempotent_requests.claim(REQUEST) == ANSWER


async def test_an_answer_is_kept_for_a_day_and_then_the_key_is_free_again(timed: Store, watch: Watch) -> None:
    await timed.idempotent_requests.claim(REQUEST)
    watch.wait(HOUR)
    await timed.idempotent_requests.keep(REQUEST, ANSWER)
    watch.wait(KEPT_FOR - 1)
    assert await timed.idempotent_requests.claim(REQUEST) == ANSWER
    watch.wait(1)
    assert await timed.idempotent_requests.claim(replace(REQUEST, digest="digest-2")) is None


async def test_old_answers_are_removed_in_passing_a_number_at_a_time(timed: Store, watch: Watch) -> None:
    await timed.organizations.ensure("other")
    for number in range(MOST_PURGED + 5):
        await timed.idempotent_requests.claim(IdempotentRequest("other", f"old-{number:03}", "d"))
        watch.wait(SECOND)
    watch.wait(KEPT_FOR)
    await timed.idempotent_requests.claim(replace(REQUEST, key="new-1"))
    assert await kept_keys(timed) == ["new-1", *(f"old-{MOST_PURGED + number:03}" for number in range(5))]
    await timed.idempotent_requests.claim(replace(REQUEST, key="new-2"))
    assert await kept_keys(timed) == ["new-1", "new-2"]


async def test_what_happens_in_one_transaction_is_kept_together(store: Store) -> None:
    async with store.database.transaction():
        assert await store.idempotent_requests.claim(REQUEST) is None
        created = await store.teams.create(ORGANIZATION, Team("t", "T"))
        assert await store.teams.get(ORGANIZATION, "t") == created
        await store.idempotent_requests.keep(REQUEST, ANSWER)
    assert await store.idempotent_requests.claim(REQUEST) == ANSWER
    assert await store.teams.get(ORGANIZATION, "t") == created


async def test_what_happens_in_one_transaction_is_undone_together(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012  # the exception must come out of the open transaction
        async with store.database.transaction():
            await store.idempotent_requests.claim(REQUEST)
            await store.teams.create(ORGANIZATION, Team("t", "T"))
            await store.idempotent_requests.keep(REQUEST, ANSWER)
            raise ZeroDivisionError
    assert await kept_keys(store) == []
    assert (await store.teams.list(ORGANIZATION, ListPart(1))).total == 0


async def test_a_write_that_fails_in_a_transaction_undoes_itself_alone(store: Store) -> None:
    def fail(conn: sa.Connection) -> None:
        begin_change(conn, ORGANIZATION)
        raise ZeroDivisionError

    before = (await store.organizations.get(ORGANIZATION)).config_version
    async with store.database.transaction():
        await store.teams.create(ORGANIZATION, Team("t", "T"))
        with pytest.raises(ZeroDivisionError):
            await store.database.write(fail)
    assert (await store.organizations.get(ORGANIZATION)).config_version == before + 1
    assert (await store.teams.list(ORGANIZATION, ListPart(1))).total == 1


async def test_a_task_that_a_transaction_starts_does_not_share_its_fate(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012  # the exception must come out of the open transaction
        async with store.database.transaction():
            other = asyncio.create_task(store.teams.create(ORGANIZATION, Team("t", "T")))
            await asyncio.sleep(0)
            raise ZeroDivisionError
    await other
    assert (await store.teams.list(ORGANIZATION, ListPart(1))).total == 1


async def test_a_transaction_of_one_store_is_none_of_another(
    open_store: Callable[[], Store], database_url: str
) -> None:
    ours, theirs = open_store(), Store(Database(database_url, timeout=0.3))
    async with ours.database.transaction():
        await ours.teams.create(ORGANIZATION, Team("t", "T"))
        assert (await theirs.teams.list(ORGANIZATION, ListPart(1))).total == 0
        with pytest.raises(StoreUnavailable):
            await theirs.teams.create(ORGANIZATION, Team("t", "T"))
    assert (await theirs.teams.list(ORGANIZATION, ListPart(1))).total == 1
    await theirs.close()


async def test_a_catalog_that_was_undone_is_not_remembered(open_store: Callable[[], Store]) -> None:
    ours, theirs = open_store(), open_store()
    with pytest.raises(ZeroDivisionError):  # noqa: PT012  # the exception must come out of the open transaction
        async with ours.database.transaction():
            await ours.policies.create(ORGANIZATION, a_policy("sla_undone"))
            assert [policy.id for policy in (await ours.catalog(ORGANIZATION)).policies] == ["sla_undone"]
            raise ZeroDivisionError
    await theirs.policies.create(ORGANIZATION, a_policy("sla_kept"))
    assert [policy.id for policy in (await ours.catalog(ORGANIZATION)).policies] == ["sla_kept"]


async def test_whoever_asks_the_same_meanwhile_waits_for_the_answer(open_store: Callable[[], Store]) -> None:
    ours, theirs = open_store(), open_store()
    async with ours.database.transaction():
        await ours.idempotent_requests.claim(REQUEST)
        waiting = asyncio.create_task(theirs.idempotent_requests.claim(REQUEST))
        done, _ = await asyncio.wait({waiting}, timeout=0.2)
        assert not done
        await ours.idempotent_requests.keep(REQUEST, ANSWER)
    assert await waiting == ANSWER


async def test_whoever_asks_the_same_does_the_work_when_the_first_has_failed(open_store: Callable[[], Store]) -> None:
    ours, theirs = open_store(), open_store()
    with pytest.raises(ZeroDivisionError):  # noqa: PT012  # the exception must come out of the open transaction
        async with ours.database.transaction():
            await ours.idempotent_requests.claim(REQUEST)
            waiting = asyncio.create_task(theirs.idempotent_requests.claim(REQUEST))
            await asyncio.wait({waiting}, timeout=0.2)
            raise ZeroDivisionError
    assert await waiting is None


async def test_many_transactions_under_keys_of_their_own_all_get_their_turn(
    timed: Store, watch: Watch, database_url: str
) -> None:
    """While each of them removes old answers too."""
    for number in range(30):
        await timed.idempotent_requests.claim(IdempotentRequest(ORGANIZATION, f"old-{number}", "d"))
    watch.wait(KEPT_FOR)
    stores = [Store(Database(database_url, timeout=60), watch) for _ in range(3)]

    async def create(number: int) -> None:
        store = stores[number % 3]
        async with store.database.transaction():
            request = IdempotentRequest(ORGANIZATION, f"old-{number}", "e")
            assert await store.idempotent_requests.claim(request) is None
            await store.teams.create(ORGANIZATION, Team(f"t{number}", "T"))
            await store.idempotent_requests.keep(request, ANSWER)

    await asyncio.gather(*(create(number) for number in range(30)))
    assert (await timed.teams.list(ORGANIZATION, ListPart(1))).total == 30
    for store in stores:
        await store.close()


def test_an_answer_is_kept_for_a_day() -> None:
    assert Micros(24 * HOUR) == KEPT_FOR
