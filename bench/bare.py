"""The baselines, in a worker of their own: `python -m bench.bare ADDRESS RECEIVER`."""

from __future__ import annotations

import asyncio
import signal
import sys
import traceback
from typing import Any

import httpx
from temporalio import activity
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bench.baselines import BareLife, ObviousLife, RecordedLife, UpdatedLife
from connection import leave
from worker import ACTIVITY_SLOTS, STICKY_TIMEOUT

QUEUE = "bare"


class Activities:
    def __init__(self, http: httpx.AsyncClient, receiver: str) -> None:
        self._http = http
        self._receiver = receiver

    @activity.defn
    async def post(self, ticket: dict[str, Any]) -> None:
        (await self._http.post(self._receiver, json=ticket)).raise_for_status()

    @activity.defn
    async def write(self, what: dict[str, Any]) -> None:
        """Nothing: what counts is that it is called."""


async def run(address: str, receiver: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    unlimited = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(limits=unlimited, trust_env=False, timeout=10) as http:
        activities = Activities(http, receiver)
        # As the engine's own worker is built, so that what differs is what the engine does.
        async with Worker(
            client,
            task_queue=QUEUE,
            workflows=[BareLife, RecordedLife, UpdatedLife, ObviousLife],
            activities=[activities.post, activities.write],
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_concurrent_activities=ACTIVITY_SLOTS,
            sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        ):
            await stop.wait()


def main() -> None:
    try:
        asyncio.run(run(*sys.argv[1:]))
    except Exception:  # noqa: BLE001 - whatever it is, the process leaves in the one way that is safe
        traceback.print_exc()
        leave(1)
    leave(0)


if __name__ == "__main__":
    main()
