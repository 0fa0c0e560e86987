"""The embedded Temporal server, really run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import psutil
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from cli.engine import embedded, home, readiness
from cli.engine.children import Child, Service
from connection import connect
from settings import Settings


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Child]:
    home.prepare(settings.home)
    child = Child(
        Service(
            "Temporal server",
            embedded.command(settings, embedded.binary(settings)),
            settings.home / "logs" / "temporal.log",
            lambda: readiness.server(settings),
        )
    )
    try:
        await asyncio.wait_for(child.service.ready(), 30)
        yield child
    finally:
        await child.stop()
        child.close()


async def retention(client: Client) -> timedelta:
    request = DescribeNamespaceRequest(namespace="default")
    described = await client.workflow_service.describe_namespace(request)
    return described.config.workflow_execution_retention_ttl.ToTimedelta()


async def test_finished_tickets_stay_visible_for_thirty_days_also_after_a_restart(settings: Settings) -> None:
    async with served(settings):
        client = await connect(settings)
        assert await retention(client) < embedded.RETENTION
        await embedded.raise_retention(client)
        assert await retention(client) == timedelta(days=30)
    async with served(settings):
        assert await retention(await connect(settings)) == timedelta(days=30)


async def test_what_the_server_has_answered_survives_its_kill(settings: Settings) -> None:
    async with served(settings) as server:
        client = await connect(settings)
        await client.start_workflow("Anything", id="ticket-42", task_queue="nobody-listens")
        server.process.kill()
        await server.ended
    async with served(settings):
        description = await (await connect(settings)).get_workflow_handle("ticket-42").describe()
        assert description.workflow_type == "Anything"


async def test_a_server_left_on_our_home_is_stopped_and_no_other(settings: Settings) -> None:
    async with served(settings) as server:
        stranger = settings.model_copy(update={"home": settings.home / "elsewhere"})
        assert await embedded.stop_leftover(stranger) == []
        assert psutil.pid_exists(server.process.pid)

        assert await embedded.stop_leftover(settings) == [server.process.pid]

        await asyncio.wait_for(server.ended, 5)
