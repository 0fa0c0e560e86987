"""A replayer with the sandbox of the worker."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from worker import PASSED_THROUGH
from workflows.instance import SlaInstance


def replayer() -> Replayer:
    return Replayer(
        workflows=[SlaInstance],
        data_converter=pydantic_data_converter,
        workflow_runner=SandboxedWorkflowRunner(
            restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
        ),
    )


async def replay_everything(client: Client) -> int:
    """How many runs the server has. Raises for one that takes another way than its history says."""
    count = 0
    async with replayer().workflow_replay_iterator(client.list_workflows().map_histories()) as results:
        async for result in results:
            if result.replay_failure:
                raise result.replay_failure
            count += 1
    return count
