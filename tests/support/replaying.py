"""A replayer with the sandbox of the worker."""

from __future__ import annotations

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory
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


async def replay_everything(client: Client) -> dict[str, list[list[str]]]:
    """The event types of every run, per workflow. Raises for a run that takes another way than its history says."""
    runs: dict[str, list[list[str]]] = {}
    async with replayer().workflow_replay_iterator(client.list_workflows().map_histories()) as results:
        async for result in results:
            if result.replay_failure:
                raise result.replay_failure
            runs.setdefault(result.history.workflow_id, []).append(event_types(result.history))
    return runs


def event_types(history: WorkflowHistory) -> list[str]:
    return [EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in history.events]
