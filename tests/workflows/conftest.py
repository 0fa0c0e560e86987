from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cli.engine.embedded import SERVER_OPTIONS
from domain.policy.policies import Policy
from store.schema.migrate import upgrade
from store.store import Store
from tests.support.clockwork import Clockwork, Switchable, time_skipping
from tests.support.ports import free_port
from tests.support.servers import LONG_HISTORY, answers, new_namespace, temporal_server
from worker import StoreProjection


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("store") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path.read_bytes()


@pytest.fixture
async def store(tmp_path: Path, migrated: bytes) -> AsyncIterator[Store]:
    path = tmp_path / "slakeeper.db"
    path.write_bytes(migrated)
    opened = Store.open(f"sqlite:///{path}")
    yield opened
    await opened.close()


@pytest.fixture
async def clockwork(store: Store) -> AsyncIterator[Clockwork]:
    async with await time_skipping() as env:
        yield Clockwork(env, Switchable(StoreProjection(store)))


@pytest.fixture
def policy() -> Policy:
    """One hour to the first response, four to the resolution, around the clock."""
    return Policy.from_json(
        {
            "id": "sla_test",
            "name": "Test",
            "targets": [
                {"id": "target_r", "type": "first_response", "hours": 1},
                {"id": "target_s", "type": "resolution", "hours": 4},
            ],
        }
    )


@pytest.fixture(scope="session")
def realtime_address() -> Iterator[str]:
    with temporal_server(free_port(), {**SERVER_OPTIONS, **LONG_HISTORY}) as address:
        asyncio.run(answers(address))
        yield address


@pytest.fixture
async def realtime(realtime_address: str, store: Store) -> Clockwork:
    """The embedded server, whose time is ours; histories of eighty events suggest to continue as new."""
    return Clockwork(await new_namespace(realtime_address), Switchable(StoreProjection(store)))
