"""The baselines, in a worker of their own: `python -m bench.bare ADDRESS RECEIVER`.

`BareLife` is the least a ticket costs on Temporal: its signals and one timer, no activity, no store. `ObviousLife` is
what one writes first: a timer for each milestone, an activity for each write.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta
from typing import Any

import httpx
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

QUEUE = "bare"
PATIENCE = timedelta(seconds=30)


@workflow.defn
class BareLife:
    """Its input may name after how many `seconds` it is due, and whether it posts `subject` then."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.over = False

    @workflow.run
    async def run(self, ticket: dict[str, Any]) -> int:
        due = timedelta(seconds=ticket.get("seconds", 4 * 3600))
        try:
            await workflow.wait_condition(lambda: self.over, timeout=due)
        except TimeoutError:
            if "subject" in ticket:
                await workflow.execute_activity("post", ticket, start_to_close_timeout=PATIENCE)
        return len(self.events)

    @workflow.signal
    def acknowledge(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    @workflow.signal
    def resolve(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        self.over = True


@workflow.defn
class ObviousLife:
    def __init__(self) -> None:
        self.news: list[dict[str, Any]] = []
        self.over = False

    @workflow.run
    async def run(self, ticket: dict[str, Any]) -> int:
        milestones = [asyncio.create_task(self._milestone(hours)) for hours in (2, 3, 4, 4, 6, 8)]
        written = 0
        await self._write(ticket)
        while self.news or not self.over:
            await workflow.wait_condition(lambda: bool(self.news))
            await self._write(self.news.pop(0))
            written += 1
        for milestone in milestones:
            milestone.cancel()
        return written

    async def _milestone(self, hours: int) -> None:
        await workflow.sleep(timedelta(hours=hours))
        await self._write({"milestone": hours})

    async def _write(self, what: dict[str, Any]) -> None:
        await workflow.execute_activity("write", what, start_to_close_timeout=PATIENCE)

    @workflow.signal
    def acknowledge(self, event: dict[str, Any]) -> None:
        self.news.append(event)

    @workflow.signal
    def resolve(self, event: dict[str, Any]) -> None:
        self.news.append(event)
        self.over = True


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
        restrictions = SandboxRestrictions.default.with_passthrough_modules("bench")
        async with Worker(
            client,
            task_queue=QUEUE,
            workflows=[BareLife, ObviousLife],
            activities=[activities.post, activities.write],
            workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
            max_concurrent_activities=500,
        ):
            await stop.wait()


if __name__ == "__main__":
    from connection import leave

    asyncio.run(run(*sys.argv[1:]))
    leave(0)
