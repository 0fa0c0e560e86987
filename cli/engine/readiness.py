"""Waiting until each part of the engine works: it is asked again and again until it answers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from http.client import HTTPException
from urllib.request import ProxyHandler, build_opener

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from connection import connect
from domain.errors import EngineUnavailable
from settings import Settings

INTERVAL_SECONDS = 0.02
PATIENCE_SECONDS = 5.0


async def server(settings: Settings) -> None:
    while True:
        try:
            client = await connect(settings)
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
        except (EngineUnavailable, RPCError):
            await asyncio.sleep(INTERVAL_SECONDS)
        else:
            return


async def worker(client: Client, task_queue: str) -> None:
    """Returns once a worker has polled the queue since this call. Pollers of an earlier run stay listed for minutes."""
    since = datetime.now(UTC)
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    while True:
        described = await client.workflow_service.describe_task_queue(request)
        if any(poller.last_access_time.ToDatetime(UTC) >= since for poller in described.pollers):
            return
        await asyncio.sleep(INTERVAL_SECONDS)


async def api(settings: Settings) -> None:
    while not await asyncio.to_thread(_answers, f"{settings.api_url}/healthz"):  # noqa: ASYNC110 - another process
        await asyncio.sleep(INTERVAL_SECONDS)


def _answers(url: str) -> bool:
    # The standard library's client, for a start need not wait until another one is loaded; no proxy is asked.
    direct = build_opener(ProxyHandler({}))
    try:
        with direct.open(url, timeout=PATIENCE_SECONDS):
            return True
    except (OSError, HTTPException):
        return False
