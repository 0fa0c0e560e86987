from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from cli.embedded import SERVER_OPTIONS, dynamic_config
from domain.policies import Policy
from store.migrate import upgrade
from store.store import Store
from tests.support.clockwork import Clockwork, Switchable, binary, time_skipping
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
    env = await WorkflowEnvironment.start_local(
        dev_server_existing_path=binary("temporal"),
        data_converter=pydantic_data_converter,
        dev_server_extra_args=dynamic_config({**SERVER_OPTIONS, "limit.historyCount.suggestContinueAsNew": "80"}),
    )
    async with env:
        yield Clockwork(env, Switchable(StoreProjection(store)))
