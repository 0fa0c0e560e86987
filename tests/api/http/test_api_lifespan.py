from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from settings import Settings
from store.access.keys import ensure_key
from store.schema.migrate import upgrade

KEY = "ak_test_0123456789abcdef"


@pytest.fixture
def own_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> Settings:
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    settings = Settings(home=tmp_path, temporal_port=unused_tcp_port)
    upgrade(settings.database_url)
    asyncio.run(ensure_key(settings.database_url, KEY, "test"))
    return settings


async def test_the_api_starts_without_temporal_and_works_once_it_is_there(
    own_server: Settings, start_temporal: Any
) -> None:
    app = create_app(own_server)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://api", headers={"X-API-Key": KEY}) as http,
    ):
        policy = {"name": "All", "targets": [{"type": "resolution", "hours": 1}]}
        assert (await http.post("/api/v2/sla/policies", json=policy)).status_code == 201
        assert (await http.post("/api/v2/sla/instances", json={"ticket_id": "1"})).status_code == 503
        assert (await http.get("/readyz")).json()["temporal"] == {"status": "down", "answer_ms": None}
        start_temporal(own_server.temporal_port)
        await temporal_is_up(http)
        assert (await http.post("/api/v2/sla/instances", json={"ticket_id": "1"})).status_code == 201


async def temporal_is_up(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(30):
        while (await http.get("/readyz")).json()["temporal"]["status"] != "up":  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
