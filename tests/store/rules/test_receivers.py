from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from domain.errors import NotFound
from domain.record.receivers import Choice, Receiver
from store.lists.listed import Found, ListPart
from store.rules.receivers import Change, Sealed
from store.store import Store
from tests.store.samples import ORGANIZATION

DESK = Receiver("rcv_desk", "Duty desk", "webhook", Choice(types=("breached",)), "Europe/Berlin")
SEALED = Sealed("sealed address", ("sealed new", "sealed old"))


def named(name: str) -> Change:
    return lambda stored: (replace(stored.receiver, name=name), stored.sealed)


async def test_a_receiver_comes_back_as_it_was_kept(store: Store) -> None:
    created = await store.receivers.create(ORGANIZATION, DESK, SEALED)
    assert (created.receiver, created.sealed, created.version) == (DESK, SEALED, 1)
    assert await store.receivers.get(ORGANIZATION, DESK.id) == created
    assert await store.receivers.list(ORGANIZATION, ListPart(10)) == Found([created], 1, None)


async def test_a_receiver_is_one_organizations_own(store: Store) -> None:
    await store.organizations.ensure("other")
    await store.receivers.create(ORGANIZATION, DESK, SEALED)
    await store.receivers.create("other", replace(DESK, name="Theirs"), SEALED)
    await store.receivers.update("other", DESK.id, named("Changed"))
    assert await store.receivers.switch_off("other", DESK.id, 2, "gone")
    assert [one.receiver for one in await store.receivers.enabled(ORGANIZATION)] == [DESK]
    assert await store.receivers.enabled("other") == []
    await store.receivers.delete("other", DESK.id)
    assert (await store.receivers.get(ORGANIZATION, DESK.id)).receiver == DESK
    with pytest.raises(NotFound):
        await store.receivers.get("other", DESK.id)


async def test_changes_of_a_receiver_at_the_same_moment_all_count(open_store: Callable[[], Store]) -> None:
    ours, theirs = open_store(), open_store()
    await ours.receivers.create(ORGANIZATION, DESK, SEALED)
    await asyncio.gather(
        ours.receivers.update(ORGANIZATION, DESK.id, named("Second line")),
        theirs.receivers.update(ORGANIZATION, DESK.id, lambda stored: (stored.receiver, Sealed("another"))),
    )
    both = await ours.receivers.get(ORGANIZATION, DESK.id)
    assert (both.receiver.name, both.sealed, both.version) == ("Second line", Sealed("another"), 3)


async def test_a_receiver_that_is_gone_is_switched_off_unless_it_was_changed_meanwhile(store: Store) -> None:
    await store.receivers.create(ORGANIZATION, DESK, SEALED)
    await store.receivers.update(ORGANIZATION, DESK.id, named("Moved"))
    assert not await store.receivers.switch_off(ORGANIZATION, DESK.id, 1, "it answered 410")
    assert len(await store.receivers.enabled(ORGANIZATION)) == 1
    assert await store.receivers.switch_off(ORGANIZATION, DESK.id, 2, "it answered 410")
    off = (await store.receivers.get(ORGANIZATION, DESK.id)).receiver
    assert (off.enabled, off.disabled_because) == (False, "it answered 410")
    assert await store.receivers.enabled(ORGANIZATION) == []


async def test_nothing_is_kept_for_receivers_of_an_organization_that_does_not_exist(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.receivers.create("nobody", DESK, SEALED)
    assert await store.receivers.enabled("nobody") == []
    for attempt in (
        store.receivers.update(ORGANIZATION, "rcv_none", named("x")),
        store.receivers.delete(ORGANIZATION, "rcv_none"),
    ):
        with pytest.raises(NotFound):
            await attempt
