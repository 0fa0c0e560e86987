"""What people and tools look at meanwhile: lists, single instances, and the questions of the Temporal UI."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import httpx
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError

from domain.ids import workflow_id
from store.access.organizations import DEFAULT_ORGANIZATION
from workflows.messages import STATE_QUERY

LOOKS_A_SECOND = 10
LOOK_SECONDS = 5.0
MOST_AT_ONCE = 30
QUERIES = (STATE_QUERY, "__temporal_workflow_metadata", "__stack_trace")
PAGES = ("/instances?limit=25", "/instances?limit=100&status=breached", "/instances/{id}", "/instances/{id}?live=true")


@dataclass
class Dashboard:
    http: httpx.AsyncClient
    client: Client
    instances: Sequence[str]
    random: Random
    counts: Counter[str] = field(default_factory=Counter)

    async def poll(self) -> None:
        """For ever; where answers stay out, nothing more is asked than `MOST_AT_ONCE` waits for."""
        looking: set[asyncio.Task[None]] = set()
        try:
            while True:
                await asyncio.sleep(1 / LOOKS_A_SECOND)
                question, instance = self.random.choice((*PAGES, *QUERIES)), self.random.choice(self.instances)
                if len(looking) < MOST_AT_ONCE:
                    task = asyncio.create_task(self._look(question, instance))
                    looking.add(task)
                    task.add_done_callback(looking.discard)
        finally:
            for task in looking:
                task.cancel()
            await asyncio.gather(*looking, return_exceptions=True)

    async def _look(self, question: str, instance: str) -> None:
        self.counts["looks"] += 1
        with suppress(httpx.HTTPError, RPCError, WorkflowQueryFailedError, TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS + 1):
                await (self._query(question, instance) if question in QUERIES else self._get(question, instance))

    async def _get(self, path: str, instance: str) -> None:
        answer = await self.http.get(path.format(id=instance), timeout=LOOK_SECONDS)
        self.counts["looks answered"] += answer.status_code == 200

    async def _query(self, query: str, instance: str) -> None:
        handle = self.client.get_workflow_handle(workflow_id(DEFAULT_ORGANIZATION, instance))
        await handle.query(query, rpc_timeout=timedelta(seconds=LOOK_SECONDS))
        self.counts["looks answered"] += 1
