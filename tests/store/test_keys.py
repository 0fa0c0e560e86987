from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from domain.errors import Conflict
from domain.subscriptions import Subscription
from store.keys import KeyOwner, any_key, ensure_key, prefix
from store.store import Store
from store.tables import api_keys

KEY = "ak_live_c29tZXRoaW5nLWhhcmQtdG8tZ3Vlc3M"


async def test_a_key_opens_its_organization_and_no_other_key_does(store: Store, database_url: str) -> None:
    assert not await any_key(database_url)
    await ensure_key(database_url, KEY, "first", scopes=("sla:read",))
    assert await any_key(database_url)
    owner = await store.keys.verify(KEY)
    assert owner is not None
    assert owner == KeyOwner(owner.id, "default", "first", ("sla:read",), Subscription.ENTERPRISE)
    for other in (KEY[:-1], KEY + "x", KEY.upper(), "", "\ud800"):
        assert await store.keys.verify(other) is None


async def test_ensuring_a_key_again_changes_nothing(store: Store, database_url: str) -> None:
    await ensure_key(database_url, KEY, "first")
    before = await store.keys.verify(KEY)
    await ensure_key(database_url, KEY, "second", scopes=())
    assert await store.keys.verify(KEY) == before


async def test_a_key_for_a_new_organization_makes_it(store: Store, database_url: str) -> None:
    await ensure_key(database_url, KEY, "first", organization="acme")
    owner = await store.keys.verify(KEY)
    assert owner is not None
    assert owner.organization == (await store.organizations.get("acme")).id
    with pytest.raises(Conflict) as refusal:
        await ensure_key(database_url, KEY, "first", organization="other")
    assert KEY not in str(refusal.value)


async def test_a_revoked_key_opens_nothing_and_stays_revoked(store: Store, database_url: str) -> None:
    await ensure_key(database_url, KEY, "first")
    async with store.database.write() as conn:
        await conn.execute(sa.update(api_keys).values(revoked_at=sa.text("CURRENT_TIMESTAMP")))
    await ensure_key(database_url, KEY, "first")
    assert await store.keys.verify(KEY) is None
    assert not await any_key(database_url)


async def test_the_key_itself_is_nowhere_in_the_database(
    open_store: Callable[[], Store], database_url: str, backend: str
) -> None:
    await ensure_key(database_url, KEY, "first")
    store = open_store()
    async with store.database.read() as conn:
        row = (await conn.execute(sa.select(api_keys))).one()
    assert KEY not in str(row)
    assert row.prefix == KEY[: len(KEY) // 4]
    if backend == "sqlite":
        path = Path(make_url(database_url).database or "")
        files = list(path.parent.glob("slakeeper.db*"))
        assert files
        assert not any(KEY.encode() in file.read_bytes() for file in files)


@pytest.mark.parametrize("key", ["0123456789abcdef", KEY, "k" * 200])
def test_what_is_shown_of_a_key_is_a_quarter_of_it_at_most(key: str) -> None:
    assert len(prefix(key)) <= len(key) / 4
    assert len(prefix(key)) <= 12
