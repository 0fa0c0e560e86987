"""A worker that is killed takes nothing with it but seconds."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from domain.policy.policies import Policy
from tests.support.clockwork import Clockwork, Mailbox, eventually, snapshot_of, standing, working
from workflows.calls import DELIVER, LIMITS

ROOT = Path(__file__).parents[3]
SECOND = 1 / 60


@asynccontextmanager
async def hanging_receiver(asked: asyncio.Event) -> AsyncIterator[str]:
    """The URL of one that takes every connection and answers none."""

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await over.wait()
        writer.close()

    over = asyncio.Event()
    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        over.set()
        server.close()


@asynccontextmanager
async def worker_process(
    clockwork: Clockwork, database: Path, receiver: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    own = {
        "TEMPORAL_ADDRESS": clockwork.client.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": clockwork.client.namespace,
        "SLA_HOME": str(database.parent),
        "SLA_DATABASE_URL": f"sqlite:///{database}",
        "SLA_TASK_QUEUE": clockwork.task_queue,
        "SLA_WEBHOOK_URLS": receiver,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "worker.py"), env={**os.environ, "PYTHONPATH": str(ROOT), **own}
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_worker_killed_in_the_middle_of_a_delivery_delays_the_notice_by_seconds(
    realtime: Clockwork, tmp_path: Path
) -> None:
    prompt = Policy.from_json({"id": "p", "name": "P", "targets": [{"type": "resolution", "minutes": 2 * SECOND}]})
    asked = asyncio.Event()
    async with hanging_receiver(asked) as url, worker_process(realtime, tmp_path / "slakeeper.db", url) as doomed:
        ticket = await realtime.open(snapshot_of(prompt))
        await asyncio.wait_for(asked.wait(), 60)
        doomed.kill()
        killed = time.monotonic()
        async with working(realtime):
            await eventually(lambda: _has_come(realtime, "sla.halfway"))
            assert time.monotonic() - killed < 8
            await eventually(ticket.state, lambda state: not state["undelivered"])
    assert len(realtime.mailbox.ids) == len(set(realtime.mailbox.ids)) == 3


async def _has_come(clockwork: Clockwork, type_: str) -> bool:
    return any(notice["type"] == type_ for notice in clockwork.mailbox.notices)


async def test_a_receiver_that_takes_longer_than_a_lost_worker_goes_unheard_is_sent_each_notice_once(
    clockwork: Clockwork, policy: Policy
) -> None:
    slow = Mailbox(seconds=1.5 * LIMITS[DELIVER]["heartbeat_timeout"].total_seconds())
    async with working(clockwork, channels=[slow]):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(31)
        await eventually(ticket.state, lambda state: bool(standing(state)) and not state["undelivered"])
    assert slow.attempts == 1
