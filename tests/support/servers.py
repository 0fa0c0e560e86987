"""The embedded server as tests run it: its time is ours, and a history of eighty events is called long."""

from __future__ import annotations

import asyncio
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from cli.engine.embedded import SERVER_OPTIONS, dynamic_config
from tests.support.clockwork import binary

LONG_HISTORY = {"limit.historyCount.suggestContinueAsNew": "80"}
A_DAY = Duration(seconds=86400)


@contextmanager
def temporal_server(port: int, options: Mapping[str, str] = SERVER_OPTIONS) -> Iterator[str]:
    """A real development server, in memory."""
    own = ["--headless", "--ip", "127.0.0.1", "--port", str(port), "--log-level", "never", *dynamic_config(options)]
    server = subprocess.Popen([binary("temporal"), "server", "start-dev", *own], stdout=subprocess.DEVNULL)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


async def answers(address: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            await Client.connect(address)
        except (RuntimeError, RPCError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)
        else:
            return


async def in_real_time() -> WorkflowEnvironment:
    """On a server of its own."""
    return await WorkflowEnvironment.start_local(
        dev_server_existing_path=binary("temporal"),
        data_converter=pydantic_data_converter,
        dev_server_extra_args=dynamic_config({**SERVER_OPTIONS, **LONG_HISTORY}),
    )


async def new_namespace(address: str) -> WorkflowEnvironment:
    """In a namespace of its own: a server that tests share has nothing else for whoever asks there."""
    name = f"test-{uuid.uuid4().hex}"
    client = await Client.connect(address, namespace=name, data_converter=pydantic_data_converter)
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=A_DAY)
    )
    return WorkflowEnvironment.from_client(client)
