"""A replayer with the sandbox of the worker."""

from __future__ import annotations

from temporalio.api.enums.v1 import EventType, TimeoutType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from worker import workflow_runner
from workflows.instance.sla_instance import SlaInstance

# A signal came while the task was closing the run, or more than a hundred events while it was at work.
OVERTAKEN = (
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND,
)


def replayer() -> Replayer:
    return Replayer(
        workflows=[SlaInstance],
        data_converter=pydantic_data_converter,
        workflow_runner=workflow_runner(),
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
    return [_type(event) for event in history.events]


def _type(event: HistoryEvent) -> str:
    """Without its prefix. A task has not failed that more came for than waits, or that no worker was free for."""
    name = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
    if event.workflow_task_failed_event_attributes.cause in OVERTAKEN:
        return "WORKFLOW_TASK_OVERTAKEN"
    untaken = TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_START
    return "WORKFLOW_TASK_UNTAKEN" if event.workflow_task_timed_out_event_attributes.timeout_type == untaken else name
