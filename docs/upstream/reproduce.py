"""A query that waits for a worker while a timer fires leaves a workflow history that does not replay.

    python reproduce.py PATH_OF_THE_TEMPORAL_CLI

Needs nothing but the package `temporalio`, the binary of the Temporal CLI and a POSIX system. Takes about twelve
seconds, prints what happened, and exits with 1 when a history does not replay and with 0 when every one does.
"""

from __future__ import annotations

import asyncio
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from temporalio import activity, workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

QUEUE = "reminders"
# More than a worker has polls open, so that queries wait in the server until the worker polls again.
WORKFLOWS = 12
DEADLINE_SECONDS = 3
# Once a task has waited that long for the stalled worker it leaves the sticky queue, where queries go on waiting.
# The default is ten seconds; a stall that outlasts those does the same.
STICKY_SECONDS = 1
STALL_SECONDS = 5.5


@activity.defn
async def remind() -> None:
    """Called once the deadline has passed."""


@workflow.defn
class Reminder:
    """Waits until it is done with or until its deadline, whichever comes first."""

    def __init__(self) -> None:
        self._done = False

    @workflow.run
    async def run(self, seconds: float) -> None:
        deadline = workflow.now() + timedelta(seconds=seconds)
        while not self._done:
            left = deadline - workflow.now()
            if left <= timedelta(0):
                await workflow.execute_activity(remind, start_to_close_timeout=timedelta(seconds=10))
                return
            try:
                await workflow.wait_condition(lambda: self._done, timeout=left)
            except TimeoutError:
                continue

    @workflow.signal
    def done(self) -> None:
        self._done = True

    @workflow.query
    def is_done(self) -> bool:
        return self._done


async def work(address: str) -> None:
    """The worker, which is a process of its own."""
    client = await Client.connect(address)
    patience = timedelta(seconds=STICKY_SECONDS)
    await Worker(
        client,
        task_queue=QUEUE,
        workflows=[Reminder],
        activities=[remind],
        sticky_queue_schedule_to_start_timeout=patience,
    ).run()


async def reproduce(binary: str) -> int:
    """How many histories do not replay."""
    print(f"temporalio {version('temporalio')}, Python {platform.python_version()}, {_of_the_cli(binary)}")
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=binary, dev_server_log_level="error"
    ) as env:
        worker = _worker(env.client.service_client.config.target_host)
        try:
            handles = await _stall(env.client, worker)
        finally:
            worker.kill()
            worker.wait()
        histories = [await handle.fetch_history() for handle in handles]
    failures = [(history, failure) for history in histories if (failure := await _replay_failure(history))]
    for history, failure in failures[:1]:
        print(f"The history of {history.workflow_id} does not replay:", *_lines(history), failure, sep="\n")
    print(f"{len(failures)} of {len(histories)} histories do not replay")
    return len(failures)


async def _stall(client: Client, worker: subprocess.Popen[bytes]) -> Sequence[WorkflowHandle[Any, Any]]:
    """Workflows whose timers fired while the worker was stopped and queries waited for it."""
    handles = await asyncio.gather(*(_started(client, number) for number in range(WORKFLOWS)))
    await asyncio.gather(*(handle.query(Reminder.is_done) for handle in handles))
    print(
        f"{len(handles)} workflows wait for their deadline of {DEADLINE_SECONDS} s; the worker stalls; all are queried"
    )
    worker.send_signal(signal.SIGSTOP)
    queries = [asyncio.create_task(handle.query(Reminder.is_done)) for handle in handles for _ in range(2)]
    await asyncio.sleep(STALL_SECONDS)
    print(f"{STALL_SECONDS} s later all timers have fired; the worker goes on")
    worker.send_signal(signal.SIGCONT)
    answers = await asyncio.gather(*queries, return_exceptions=True)
    failed = sum(isinstance(answer, BaseException) for answer in answers)
    print(f"{len(answers) - failed} queries are answered, {failed} fail")
    await asyncio.sleep(1)
    return handles


def _worker(address: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, __file__, "--worker", address])


async def _started(client: Client, number: int) -> WorkflowHandle[Any, Any]:
    return await client.start_workflow(Reminder.run, DEADLINE_SECONDS, id=f"reminder-{number}", task_queue=QUEUE)


async def _replay_failure(history: WorkflowHistory) -> Exception | None:
    replayed = await Replayer(workflows=[Reminder]).replay_workflow(history, raise_on_replay_failure=False)
    return replayed.replay_failure


def _lines(history: WorkflowHistory) -> Sequence[str]:
    return [
        f"  {event.event_id:2} {event.event_time.ToDatetime():%H:%M:%S.%f} "
        f"{EventType.Name(event.event_type).removeprefix('EVENT_TYPE_')}"
        for event in history.events
    ]


def _of_the_cli(binary: str) -> str:
    return subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=None)))
    match sys.argv[1:]:
        case ["--worker", address]:
            asyncio.run(work(address))
        case [binary]:
            code = 1 if asyncio.run(reproduce(binary)) else 0
            sys.stdout.flush()
            # Threads of the SDK may still run, and abort an interpreter that takes itself apart.
            os._exit(code)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
