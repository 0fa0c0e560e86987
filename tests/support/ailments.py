"""What a SQLite store can suffer from while it is in use, and recover from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from domain.errors import StoreUnavailable
from store.store import Store
from tests.store.samples import an_opening


@contextmanager
def pragma(store: Store, name: str, ill: int, well: int) -> Iterator[None]:
    """Set on every connection as it is used, and set back on all of them."""
    value = ill

    def apply(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA {name} = {value}")

    event.listen(store.database.engine, "checkout", apply)
    yield
    value = well


@contextmanager
def full(store: Store) -> Iterator[None]:
    """SQLite takes no page more than it has; one page is the least it can be told."""
    with pragma(store, "max_page_count", 1, 1_000_000):
        yield


@contextmanager
def read_only(store: Store) -> Iterator[None]:
    with pragma(store, "query_only", 1, 0):
        yield


async def fill(store: Store) -> tuple[int, str]:
    """How many openings it took, and what it said of the one that it did not take."""
    for number in range(500):
        try:
            await store.instances.apply(an_opening(f"filling-{number}"))
        except StoreUnavailable as error:
            return number, error.message
    raise AssertionError("it took all of them")
