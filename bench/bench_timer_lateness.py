"""How late the embedded server fires timers: its default against the embedded engine's own dynamic configuration.

Short timers of random lengths on two servers in alternating order; prints medians and maxima in milliseconds and the
ratio of the medians to the baseline (the server's default).
"""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from temporalio import workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from cli.embedded import dynamic_config

ROUNDS = 3
WORKFLOWS = 10
TIMERS = 4
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


async def measure(arguments: Sequence[str], seed: int) -> list[float]:
    program = shutil.which("temporal", path=str(Path(sys.executable).parent))
    env = await WorkflowEnvironment.start_local(
        dev_server_existing_path=program, dev_server_extra_args=arguments, dev_server_log_level="error"
    )
    chance = random.Random(seed)
    async with env, Worker(env.client, task_queue="q", workflows=[Timers], workflow_runner=UnsandboxedWorkflowRunner()):
        runs = await asyncio.gather(
            *(
                env.client.execute_workflow(
                    Timers.run, [chance.uniform(0.2, 1.5) for _ in range(TIMERS)], id=f"t{number}", task_queue="q"
                )
                for number in range(WORKFLOWS)
            )
        )
    return [late * 1000 for run in runs for late in run]


async def main() -> None:
    variants = {BASELINE: (), "embedded": dynamic_config()}
    late: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(ROUNDS):
        for name, arguments in variants.items():
            late[name] += await measure(arguments, number)
    baseline = statistics.median(late[BASELINE])
    print(f"{'variant':10} {'median ms':>10} {'max ms':>8} {'ratio':>6}")
    for name, values in late.items():
        median = statistics.median(values)
        print(f"{name:10} {median:10.0f} {max(values):8.0f} {median / baseline:6.2f}")


if __name__ == "__main__":
    asyncio.run(main())
