"""A worker that nobody looks after: `python -m tests.support.worker_alone`.

`UNGUARDED=1` leaves out the guard, to see what it is for.
"""

from __future__ import annotations

import asyncio
import os

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

import worker
from channels.log import LogChannel
from guard import GuardedInstance
from settings import Settings
from store.store import Store


def _unguarded(self: GuardedInstance, act: WorkflowActivation) -> WorkflowActivationCompletion:
    return self.inner.activate(act)


async def run() -> None:
    settings = Settings.load()
    if os.environ.get("UNGUARDED"):
        GuardedInstance.activate = _unguarded  # type: ignore[method-assign]
    client = await Client.connect(os.environ["TEMPORAL_ADDRESS"], data_converter=pydantic_data_converter)
    store = Store.open(settings.database_url)
    built = worker.build_worker(client, worker.StoreProjection(store), [LogChannel()], task_queue=settings.task_queue)
    await built.run()


if __name__ == "__main__":
    asyncio.run(run())
