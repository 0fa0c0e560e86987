from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from domain.access.subscriptions import Subscription
from domain.errors import Conflict, InvalidValue, NotFound
from store.access.keys import KeyOwner, any_key, ensure_key, prefix
from store.lists.listed import Found, ListPart
from store.schema.tables import api_keys
from store.store import Store

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
    await store.database.write(
        lambda conn: conn.execute(sa.update(api_keys).values(revoked_at=sa.text("CURRENT_TIMESTAMP")))
    )
    await ensure_key(database_url, KEY, "first")
    assert await store.keys.verify(KEY) is None
    assert not await any_key(database_url)


async def test_the_key_itself_is_nowhere_in_the_database(
    open_store: Callable[[], Store], database_url: str, backend: str
) -> None:
    await ensure_key(database_url, KEY, "first")
    store = open_store()
    row = await store.database.read(lambda conn: (conn.execute(sa.select(api_keys))).one())
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


async def test_a_new_key_is_told_once_and_opens_with_the_scopes_it_was_given(store: Store) -> None:
    stored, key = await store.keys.create("default", "desk", ["sla:write", "sla:read", "sla:write"])
    assert key.startswith("ak_live_")
    assert stored.prefix == prefix(key)
    assert stored.scopes == ("sla:read", "sla:write")
    assert stored.revoked_at is None
    assert await store.keys.verify(key) == KeyOwner(
        stored.id, "default", "desk", ("sla:read", "sla:write"), Subscription.ENTERPRISE
    )
    assert key not in repr(stored)


async def test_no_two_keys_are_alike(store: Store) -> None:
    made = [await store.keys.create("default", "desk", ["sla:read"]) for _ in range(5)]
    assert len({key for _, key in made}) == len({stored.id for stored, _ in made}) == 5


async def test_a_key_of_an_organization_that_does_not_exist_is_refused(store: Store) -> None:
    with pytest.raises(NotFound, match="nobody"):
        await store.keys.create("nobody", "desk", ["sla:read"])
    with pytest.raises(NotFound, match="nobody"):
        await store.keys.list("nobody", ListPart(10))


@pytest.mark.parametrize(
    ("name", "scopes", "field"),
    [
        ("desk", [], "scopes"),
        ("desk", "sla:read", "scopes"),
        ("desk", ["sla:read", "sla:fly"], "scopes[1]"),
        ("desk", [None], "scopes[0]"),
        ("", ["sla:read"], "name"),
        ("x" * 201, ["sla:read"], "name"),
        ("a\0b", ["sla:read"], "name"),
    ],
)
async def test_a_bad_key_is_refused_and_leaves_nothing(store: Store, name: str, scopes: list[str], field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await store.keys.create("default", name, scopes)
    assert refusal.value.field == field
    assert (await store.keys.list("default", ListPart(10))).total == 0


async def test_keys_are_listed_oldest_first_with_the_revoked_ones(store: Store) -> None:
    first, _ = await store.keys.create("default", "one", ["sla:read"])
    second, _ = await store.keys.create("default", "two", ["sla:read"])
    await store.organizations.ensure("other")
    await store.keys.create("other", "theirs", ["sla:read"])
    revoked = await store.keys.revoke(first.id, "default")
    assert await store.keys.list("default", ListPart(10)) == Found([revoked, second], 2, None)
    assert await store.keys.list("default", ListPart(1, 1)) == Found([second], 2, None)


async def test_a_revocation_keeps_its_moment(store: Store) -> None:
    stored, key = await store.keys.create("default", "desk", ["sla:read"])
    revoked = await store.keys.revoke(stored.id)
    assert revoked.revoked_at is not None
    assert await store.keys.verify(key) is None
    assert await store.keys.revoke(stored.id, "default") == revoked


async def test_only_the_keys_of_an_organization_are_revoked_in_its_name(store: Store) -> None:
    stored, key = await store.keys.create("default", "desk", ["sla:read"])
    for key_id, organization in ((stored.id, "other"), ("key_unknown", "default"), ("key_unknown", None)):
        with pytest.raises(NotFound) as refusal:
            await store.keys.revoke(key_id, organization)
        assert (refusal.value.field, refusal.value.value) == ("key_id", key_id)
    assert await store.keys.verify(key) is not None


async def test_ensuring_a_key_tells_whether_it_is_valid(store: Store, database_url: str) -> None:
    assert await ensure_key(database_url, KEY, "first")
    assert await ensure_key(database_url, KEY, "first")
    owner = await store.keys.verify(KEY)
    assert owner is not None
    await store.keys.revoke(owner.id)
    assert not await ensure_key(database_url, KEY, "first")


async def test_the_owner_of_a_key_has_the_plan_its_organization_has_now(store: Store) -> None:
    _, key = await store.keys.create("default", "desk", ["sla:read"])
    for plan in Subscription:
        await store.organizations.change("default", subscription=plan)
        owner = await store.keys.verify(key)
        assert owner is not None
        assert owner.subscription is plan
