"""How late the embedded server fires timers, and how soon it hands out tasks: its defaults against our options.

Short timers of random lengths, then lives one after another (a start, an activity, a signal, two activities), on two
servers in turn; prints milliseconds a timer and a life, and the ratios of the medians to the baseline (the server's
defaults).
"""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from temporalio import activity, workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from cli.engine.embedded import dynamic_config
from connection import leave

ROUNDS = 3
WORKFLOWS = 10
TIMERS = 4
LIVES = 30
BASELINE = "default"


@workflow.defn
class Timers:
    @workflow.run
    async def run(self, lengths: list[float]) -> list[float]:
        late = []
        for length in lengths:
            before = workflow.now()
            await workflow.sleep(length)
            late.append((workflow.now() - before).total_seconds() - length)
        return late


@activity.defn
async def nothing() -> None: ...


@workflow.defn
class Life:
    def __init__(self) -> None:
        self._over = False

    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=5))
        await workflow.wait_condition(lambda: self._over, timeout=timedelta(hours=1))
        for _ in range(2):
            await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=5))

    @workflow.signal
    def end(self) -> None:
        self._over = True


@dataclass
class Figures:
    """In milliseconds."""

    late: list[float] = field(default_factory=list)
    life: list[float] = field(default_factory=list)


async def measure(arguments: Sequence[str], seed: int, figures: Figures) -> None:
    program = shutil.which("temporal", path=str(Path(sys.executable).parent))
    env = await WorkflowEnvironment.start_local(
        dev_server_existing_path=program, dev_server_extra_args=arguments, dev_server_log_level="error"
    )
    chance = random.Random(seed)
    worker = Worker(
        env.client,
        task_queue="q",
        workflows=[Timers, Life],
        activities=[nothing],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with env, worker:
        runs = await asyncio.gather(
            *(
                env.client.execute_workflow(
                    Timers.run, [chance.uniform(0.2, 1.5) for _ in range(TIMERS)], id=f"t{number}", task_queue="q"
                )
                for number in range(WORKFLOWS)
            )
        )
        for number in range(LIVES):
            began = time.perf_counter()
            handle = await env.client.start_workflow(Life.run, id=f"l{number}", task_queue="q")
            await handle.signal(Life.end)
            await handle.result()
            figures.life.append((time.perf_counter() - began) * 1000)
    figures.late += [late * 1000 for run in runs for late in run]


async def main() -> None:
    variants = {BASELINE: (), "embedded": dynamic_config()}
    figures = {name: Figures() for name in variants}
    for number in range(ROUNDS):
        for name, arguments in variants.items():
            await measure(arguments, number, figures[name])
    base = figures[BASELINE]
    print(f"{'variant':10} {'late ms':>8} {'max ms':>7} {'ratio':>6} {'life ms':>8} {'ratio':>6}")
    for name, one in figures.items():
        late, life = statistics.median(one.late), statistics.median(one.life)
        ratios = late / statistics.median(base.late), life / statistics.median(base.life)
        print(f"{name:10} {late:8.0f} {max(one.late):7.0f} {ratios[0]:6.2f} {life:8.0f} {ratios[1]:6.2f}")


if __name__ == "__main__":
    asyncio.run(main())
    leave(0)
