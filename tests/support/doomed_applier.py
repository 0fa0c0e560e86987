"""A process that applies what webhooks have brought and is killed before it has written what became of the first body:
`python -m tests.support.doomed_applier <database> <temporal> <task queue>`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from service.dependencies import Dependencies
from service.hooks.applying import Applier
from service.temporal.engine import provider
from store.sources.settling import Settling
from store.store import Store


async def _killed(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def run(database: str, temporal: str, task_queue: str) -> None:
    Settling.settle = _killed  # type: ignore[method-assign, assignment]
    client = await Client.connect(temporal, data_converter=pydantic_data_converter)
    await Applier(Dependencies(Store.open(database), provider(client), task_queue=task_queue)).round()


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
