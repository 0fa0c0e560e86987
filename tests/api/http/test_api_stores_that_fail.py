"""A store that is full, read-only or damaged: 503 and a code to act on, never a 500, and on it goes when it can."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from store.store import Store
from tests.support.ailments import fill, full, read_only


@pytest.mark.parametrize("ail", [full, read_only])
async def test_what_must_be_written_is_refused_while_the_store_takes_no_writes_and_taken_afterwards(
    api: Any, ail: Callable[[Store], AbstractContextManager[None]]
) -> None:
    await api.policy()
    with ail(api.dependencies.store):
        await fill(api.dependencies.store)
        refused = await first_refused(api)
        assert (await api.get("/policies")).status_code == 200
    assert (await api.post("/instances", refused)).status_code == 201


async def test_a_store_that_takes_no_writes_is_not_ready(api: Any) -> None:
    with read_only(api.dependencies.store):
        ready = await api.http.get("/readyz")
    assert (ready.status_code, ready.json()["store"]["status"]) == (503, "down")


async def test_nothing_is_answered_from_a_damaged_store(api: Any, tmp_path: Path) -> None:
    assert (await api.get("/policies")).status_code == 200
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"garbage " * 1024)
    store = Store.open(f"sqlite:///{damaged}")
    api.stack.push_async_callback(store.close)
    api.use(store=store)
    assert_unavailable(await api.get("/policies"))
    assert_unavailable(await api.post("/instances", {"ticket_id": "7", "priority": "urgent"}))


async def first_refused(api: Any) -> dict[str, str]:
    """Something small may still find room where something larger did not."""
    for number in range(200):
        ticket = {"ticket_id": str(number), "priority": "urgent"}
        answer = await api.post("/instances", ticket)
        if answer.status_code != 201:
            assert_unavailable(answer)
            return ticket
    raise AssertionError("it took all of them")


def assert_unavailable(answer: Any) -> None:
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
