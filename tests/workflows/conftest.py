from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.policy.policies import Policy
from store.schema.migrate import upgrade
from store.store import Store
from tests.support.clockwork import Clockwork, Switchable, time_skipping
from tests.support.servers import in_real_time
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


@pytest.fixture
async def realtime(store: Store) -> AsyncIterator[Clockwork]:
    """The embedded server, whose time is ours; histories of eighty events suggest to continue as new."""
    async with await in_real_time() as env:
        yield Clockwork(env, Switchable(StoreProjection(store)))
