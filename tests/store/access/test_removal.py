"""An organization is taken away with all that it has, whichever tables there are, and another keeps every row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from domain.errors import Conflict
from store.access import removal
from store.database.types import Document, UtcDateTime
from store.schema.tables import metadata, organizations
from store.store import Store

GONE, KEPT = "acme", "acme-2"
ROWS = 3
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
OF_KINDS: Mapping[Any, Any] = {Document: {}, UtcDateTime: AT, sa.Boolean: True, sa.LargeBinary: b"x"}


def rows_of(table: sa.Table, organization: str) -> Iterator[dict[str, Any]]:
    """Made of the names and types of columns alone, so that they refer to each other: a new table needs nothing."""
    is_one = table is organizations or list(table.primary_key.columns.keys()) == ["organization"]
    for number in range(1 if is_one else ROWS):
        yield {column.name: value_of(column, table, organization, number) for column in table.c}


def value_of(column: sa.Column[Any], table: sa.Table, organization: str, number: int) -> Any:
    if column.name == "organization" or (table is organizations and column.name == "id"):
        return organization
    if isinstance(column.type, sa.Integer):
        return number + 1 + (100 if organization == KEPT else 0)
    return OF_KINDS.get(type(column.type), f"{organization}-{number}")


async def content(store: Store) -> dict[str, list[Any]]:
    def work(conn: sa.Connection) -> dict[str, list[Any]]:
        return {name: sorted(map(str, conn.execute(sa.select(table)))) for name, table in metadata.tables.items()}

    return await store.database.read(work)


async def fill(store: Store, organization: str) -> None:
    def work(conn: sa.Connection) -> None:
        for table in metadata.sorted_tables:
            if table is organizations or "organization" in table.c:
                conn.execute(sa.insert(table), list(rows_of(table, organization)))

    await store.database.write(work)


async def test_all_rows_go_in_portions_and_those_of_another_stay(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "PORTION", 2)
    await fill(store, KEPT)
    before = await content(store)
    await fill(store, GONE)
    assert sorted({one async for one in store.removal.instances(GONE)}) == [f"{GONE}-{at}" for at in range(ROWS)]
    assert await store.removal.sweep(GONE) > ROWS * 20
    assert await store.removal.sweep(GONE) == 0
    await store.removal.finish(GONE)
    assert await content(store) == before


async def test_what_others_hold_on_to_is_left_for_the_next_look(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(store, GONE)
    # As if a worker had written the events of an instance just after they were deleted.
    late = [one for one in metadata.sorted_tables if one.name != "instance_events"]
    monkeypatch.setattr(type(metadata), "sorted_tables", property(lambda _: late))
    assert await store.removal.sweep(GONE) > 0
    assert await store.removal.sweep(GONE) > 0
    monkeypatch.undo()
    await store.removal.sweep(GONE)
    assert await store.removal.sweep(GONE) == 0


async def test_an_organization_has_one_demo(store: Store) -> None:
    await store.organizations.create("acme")
    assert await store.organizations.demo_of("acme") is None
    made = await store.organizations.create("demo-1", demo_of="acme")
    assert made.demo_of == "acme"
    assert await store.organizations.demo_of("acme") == made
    with pytest.raises(Conflict):
        await store.organizations.create("demo-2", demo_of="acme")
