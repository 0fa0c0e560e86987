from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from domain.access.scopes import SCOPES
from domain.ids import workflow_id
from service.dependencies import Dependencies
from service.temporal.engine import CONNECT_OPTIONS, provider
from service.tools.timeouts import Timeouts
from store.schema.migrate import upgrade
from store.store import Store
from tests.support.apps import lent_app
from tests.support.files import content_of
from tests.support.outlets import CIPHER, LoopbackOutlets, LoopbackSystems
from tests.support.ports import free_port
from tests.support.servers import answers, temporal_server
from worker import StoreProjection, build_worker

KEY = "ak_test_0123456789abcdef"
SECRET_KEY = "c2xha2VlcGVyLXRlc3RzLWFuZC1ub3RoaW5nLWVsc2U="
# With a worker it records sooner or later, on a slow machine later than in service; without one nothing ever comes.
UNHURRIED, HASTY = (
    Timeouts(applied=20, planned=20, replanned=20, row=10),
    Timeouts(applied=0.2, planned=0.2, replanned=0.2, rows=0),
)


@pytest.fixture(scope="session")
def temporal_address() -> Iterator[str]:
    with temporal_server(free_port()) as address:
        asyncio.run(answers(address))
        yield address


@pytest.fixture
def start_temporal() -> Iterator[Callable[[int], str]]:
    with ExitStack() as stack:
        yield lambda port: stack.enter_context(temporal_server(port))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "empty.db"
    upgrade(f"sqlite:///{file}")
    return file


@dataclass
class Api:
    """The API in this process: a real store, a real Temporal server, a worker where a test asks for one."""

    http: httpx.AsyncClient
    app: Any
    dependencies: Dependencies
    organization: str
    temporal: Client
    stack: AsyncExitStack

    def worker(self) -> Worker:
        store, queue = self.dependencies.store, self.dependencies.task_queue
        return build_worker(self.temporal, StoreProjection(store), [], task_queue=queue)

    async def with_worker(self) -> Worker:
        """There is one now, and its records are waited for."""
        self.use(timeouts=UNHURRIED)
        return await self.stack.enter_async_context(self.worker())

    async def lose_worker(self, worker: Worker) -> None:
        await worker.shutdown()
        self.use(timeouts=HASTY)

    async def ended(self, instance_id: str) -> None:
        """Once its workflow has completed, whose last act is to record everything."""
        handle = self.temporal.get_workflow_handle(workflow_id(self.organization, instance_id))
        await asyncio.wait_for(handle.result(), 60)

    def use(self, **changes: Any) -> None:
        self.app.state.dependencies = replace(self.app.state.dependencies, **changes)

    async def lose_temporal(self) -> None:
        client = await Client.connect(f"127.0.0.1:{free_port()}", **CONNECT_OPTIONS)
        self.use(temporal=provider(client))

    async def lose_store(self, tmp_path: Path) -> None:
        """Only for what asks it from now on; the key has been verified before and is remembered."""
        await self.http.get("/api/v2/sla/policies?limit=1")
        store = Store.open(f"sqlite:///{tmp_path / 'nowhere' / 'at-all.db'}")
        self.stack.push_async_callback(store.close)
        self.use(store=store)

    def find_everything(self) -> None:
        self.use(store=self.dependencies.store, temporal=self.dependencies.temporal)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return await self.http.post(f"/api/v2/sla{path}", json=body, **options)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(f"/api/v2/sla{path}", params=params)

    async def policy(self, **changes: Any) -> dict[str, Any]:
        body = {
            "name": "Urgent",
            "conditions": [{"field": "priority", "operator": "in", "value": ["urgent"]}],
            "targets": [
                {"type": "first_response", "priority": "urgent", "hours": 1},
                {"type": "resolution", "priority": "urgent", "hours": 4},
            ],
        }
        answer = await self.post("/policies", {**body, **changes})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def ticket(self, subject: str = "", **changes: Any) -> dict[str, Any]:
        body = {"conversation_id": subject or f"conv_{uuid.uuid4().hex[:8]}", "priority": "urgent", **changes}
        answer = await self.post("/instances", body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


class ApiMaker(Protocol):
    async def __call__(self, organization: str | None = None) -> Api:
        """For a new organization, unless one is named."""


Fill = Callable[[Api], Awaitable[None]]
Filled = Callable[[Fill], Awaitable[Api]]


@pytest.fixture
async def make_api(temporal_address: str, empty_database: Path, tmp_path: Path) -> AsyncIterator[ApiMaker]:
    async with AsyncExitStack() as stack:
        database = tmp_path / "store.db"
        shutil.copy(empty_database, database)
        client = await Client.connect(temporal_address, data_converter=pydantic_data_converter)

        async def make(organization: str | None = None) -> Api:
            organization = organization or f"org-{uuid.uuid4().hex[:12]}"
            key = f"{KEY}{organization}"
            store = Store.open(f"sqlite:///{database}")
            stack.push_async_callback(store.close)
            await store.keys.ensure(key, "test", organization, SCOPES)
            dependencies = Dependencies(
                store,
                provider(client),
                task_queue=organization,
                timeouts=HASTY,
                cipher=CIPHER,
                outlets=LoopbackOutlets(),
                systems=LoopbackSystems(),
            )
            app = stack.enter_context(lent_app(dependencies))
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            http = httpx.AsyncClient(transport=transport, base_url="http://api", headers={"X-API-Key": key})
            await stack.enter_async_context(http)
            return Api(http, app, dependencies, organization, client, stack)

        yield make


@pytest.fixture(scope="session")
def fillings() -> dict[Fill, tuple[str, bytes]]:
    """Whose a database is that was filled, and the database."""
    return {}


@pytest.fixture
def filled(make_api: ApiMaker, tmp_path: Path, fillings: dict[Fill, tuple[str, bytes]]) -> Filled:
    """Makes an API whose database is filled; what fills it, with a worker, runs once for all tests."""

    async def make(fill: Fill) -> Api:
        database = tmp_path / "store.db"
        if fill in fillings:
            organization, content = fillings[fill]
            database.write_bytes(content)
            return await make_api(organization)
        api = await make_api()
        api.use(timeouts=UNHURRIED)
        async with api.worker():
            await fill(api)
        fillings[fill] = api.organization, content_of(database)
        return api

    return make


@pytest.fixture
async def api(make_api: ApiMaker) -> Api:
    return await make_api()
