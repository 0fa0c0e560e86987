"""What has changed since a look: on both databases nothing is missed, and nobody else is named."""

from __future__ import annotations

from collections.abc import Callable

from domain.instants import MINUTE, Instant
from store.store import Store
from tests.store.samples import OPENED, after, an_event, an_opening


async def test_the_first_look_names_nobody(store: Store) -> None:
    await store.instances.apply(an_opening("1"))
    assert (await store.changes.since(None)).organizations == frozenset()


async def test_whoever_has_a_new_record_is_named_once(store: Store) -> None:
    looked = await store.changes.since(None)
    assert (await store.changes.since(looked.cursor)).organizations == frozenset()
    opening = an_opening("1", organization="acme")
    await store.instances.apply(opening)
    looked = await store.changes.since(looked.cursor)
    assert looked.organizations == {"acme"}
    looked = await store.changes.since(looked.cursor)
    assert looked.organizations == frozenset()
    await store.instances.apply(after(opening, 2, an_event("e1")))
    await store.instances.apply(an_opening("2", organization="other"))
    assert (await store.changes.since(looked.cursor)).organizations == {"acme", "other"}


async def test_a_record_of_a_worker_whose_clock_is_behind_is_not_missed(open_store: Callable[[], Store]) -> None:
    ahead, behind = open_store(), open_store()
    ahead = Store(ahead.database, lambda: Instant(OPENED + MINUTE // 2))
    behind = Store(behind.database, lambda: OPENED)
    await ahead.instances.apply(an_opening("1"))
    looked = await ahead.changes.since(None)
    await behind.instances.apply(an_opening("2", organization="late"))
    assert (await ahead.changes.since(looked.cursor)).organizations == {"late"}


async def test_what_is_committed_late_is_not_missed(open_store: Callable[[], Store]) -> None:
    """On SQLite one waits for the other."""
    slow, fast = open_store(), open_store()
    looked = await fast.changes.since(None)
    async with slow.database.transaction():
        await slow.instances.apply(an_opening("1", organization="slow"))
        if not slow.database.is_sqlite:
            await fast.instances.apply(an_opening("2", organization="fast"))
            looked = await fast.changes.since(looked.cursor)
            assert looked.organizations == {"fast"}
    assert "slow" in (await fast.changes.since(looked.cursor)).organizations
