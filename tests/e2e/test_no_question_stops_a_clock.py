"""Questions to a worker that is held up: whatever comes meanwhile, no instance may take a way it cannot take again.

Without the guard of decision 14 (`UNGUARDED=1`) both recipes leave histories that do not replay, and tickets that no
command reaches.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from domain.policy.policies import Policy
from store.schema.migrate import upgrade
from store.store import Store
from tests.cli.conftest import ROOT, path_with_root
from tests.support.clockwork import Clockwork, Opened, Switchable, eventually, snapshot_of
from tests.support.replaying import event_types, replay_everything, replayer
from tests.support.servers import in_real_time
from worker import StoreProjection
from workflows.messages import STATE_QUERY

QUESTIONS = (STATE_QUERY, "__temporal_workflow_metadata", "__stack_trace")
SECOND = 1 / 60


@dataclass
class Scene:
    """A server, a store and a worker that is a process of its own; nobody heals what it wedges."""

    clockwork: Clockwork
    database: str
    address: str
    asked: list[asyncio.Task[Any]] = field(default_factory=list)
    worker: subprocess.Popen[bytes] | None = None

    def start_worker(self) -> None:
        self.worker = subprocess.Popen(
            [sys.executable, "-m", "tests.support.worker_alone"],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": path_with_root(),
                "TEMPORAL_ADDRESS": self.address,
                "SLA_DATABASE_URL": self.database,
                "SLA_TASK_QUEUE": self.clockwork.task_queue,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def tell_worker(self, number: signal.Signals) -> None:
        assert self.worker is not None
        self.worker.send_signal(number)

    def kill_worker(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait(60)

    async def open(self, *seconds: float) -> Sequence[Opened]:
        """A ticket for each length of its target."""
        return await asyncio.gather(*(self.clockwork.open(snapshot_of(_policy(length))) for length in seconds))

    def ask(self, tickets: Sequence[Opened], *questions: str) -> None:
        self.asked += [
            asyncio.create_task(_ask(ticket.handle, question)) for ticket in tickets for question in questions
        ]

    async def calm(self, tickets: Sequence[Opened]) -> None:
        """Nothing is on its way. A task that the worker takes with it is another story: decision 14 says which hole it
        leaves."""

        async def is_at_work(ticket: Opened) -> bool:
            described = (await ticket.handle.describe()).raw_description
            return described.HasField("pending_workflow_task") or bool(described.pending_activities)

        async def on_their_way() -> bool:
            return any(await asyncio.gather(*map(is_at_work, tickets)))

        await eventually(on_their_way, lambda some: not some)

    async def every_resolve_counts(self, tickets: Sequence[Opened]) -> None:
        await asyncio.gather(*(ticket.signal("resolve", event_id="r") for ticket in tickets))
        ended = await asyncio.gather(*map(_ends, tickets))
        standing = [ticket for ticket, has_ended in zip(tickets, ended, strict=True) if not has_ended]
        stories = [await _story(ticket) for ticket in standing]
        assert not standing, f"{len(standing)} of {len(ended)} stand still: {stories}"
        runs = await replay_everything(self.clockwork.client)
        assert len(runs) == len(tickets)


def _policy(seconds: float) -> Policy:
    return Policy.from_json({"id": "p", "name": "P", "targets": [{"type": "resolution", "minutes": seconds * SECOND}]})


async def _ask(handle: WorkflowHandle[Any, Any], question: str) -> None:
    # Whether it is answered does not matter, nor does it here when a client gives up.
    with contextlib.suppress(Exception):
        async with asyncio.timeout(30):
            await handle.query(question)


async def _ends(ticket: Opened) -> bool:
    try:
        async with asyncio.timeout(30):
            await ticket.result()
    except (TimeoutError, RPCError):
        return False
    return True


async def _story(ticket: Opened) -> dict[str, Any]:
    """What a ticket that stands still has been through."""
    described = (await ticket.handle.describe()).raw_description
    history = await ticket.handle.fetch_history()
    result = await replayer().replay_workflow(history, raise_on_replay_failure=False)
    return {
        "events": event_types(history),
        "replay": repr(result.replay_failure),
        "task": str(described.pending_workflow_task),
        "activities": [str(one) for one in described.pending_activities],
    }


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    database = f"sqlite:///{tmp_path / 'slakeeper.db'}"
    upgrade(database)
    store = Store.open(database)
    env: WorkflowEnvironment
    async with await in_real_time() as env:
        clockwork = Clockwork(env, Switchable(StoreProjection(store)))
        made = Scene(clockwork, database, env.client.service_client.config.target_host)
        try:
            yield made
        finally:
            made.kill_worker()
            for task in made.asked:
                task.cancel()
            await asyncio.gather(*made.asked, return_exceptions=True)
            await store.close()


async def test_questions_that_wait_for_a_stalled_worker_while_timers_fire_stop_no_clock(scene: Scene) -> None:
    scene.start_worker()
    tickets = await scene.open(*[8.0] * 12)
    await asyncio.sleep(2.5)
    await asyncio.gather(*(ticket.state() for ticket in tickets))
    scene.tell_worker(signal.SIGSTOP)
    scene.ask(tickets, STATE_QUERY, "__temporal_workflow_metadata")
    await asyncio.sleep(6)
    scene.tell_worker(signal.SIGCONT)
    await asyncio.sleep(2.5)
    await scene.calm(tickets)
    scene.kill_worker()
    scene.start_worker()
    await scene.every_resolve_counts(tickets)


async def test_a_dashboard_that_asks_through_short_stalls_stops_no_clock(scene: Scene) -> None:
    scene.start_worker()
    tickets = await scene.open(*(4 + number / 4 for number in range(30)))

    async def dashboard() -> None:
        while True:
            for question, ticket in zip(cycle(QUESTIONS), tickets, strict=False):
                scene.ask([ticket], question)
            await asyncio.sleep(1)

    asking = asyncio.create_task(dashboard())
    for _ in range(6):
        await asyncio.sleep(0.6)
        scene.tell_worker(signal.SIGSTOP)
        await asyncio.sleep(1.2)
        scene.tell_worker(signal.SIGCONT)
    asking.cancel()
    await asyncio.sleep(2)
    await scene.calm(tickets)
    scene.kill_worker()
    scene.start_worker()
    await scene.every_resolve_counts(tickets)
