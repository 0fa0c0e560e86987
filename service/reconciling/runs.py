"""The runs of instances as Temporal itself knows them: listed, described, ended, started. No worker is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.common.v1 import WorkflowExecution as Execution
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    GetWorkflowExecutionHistoryReverseRequest,
)
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.instants import Instant, from_datetime
from service.run_histories import RunHistories
from workflows.calls import RECORD
from workflows.messages import AFTER, WORKFLOW_TYPE
from workflows.packing import unpack

_OURS = f'WorkflowType = "{WORKFLOW_TYPE}"'
RUNNING = f'{_OURS} AND ExecutionStatus = "Running"'
CLOSED = f'{_OURS} AND ExecutionStatus != "Running" AND ExecutionStatus != "ContinuedAsNew"'
PROBLEMATIC = f"{RUNNING} AND TemporalReportedProblems IS NOT NULL"
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Run:
    """The newest run of a workflow. `failures`: how often its current task has failed in a row."""

    run_id: str
    status: WorkflowExecutionStatus
    started_at: Instant
    closed_at: Instant | None
    failures: int = 0

    @property
    def is_running(self) -> bool:
        return self.status is WorkflowExecutionStatus.RUNNING


class Runs:
    """Raises RPCError when Temporal does not answer."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self.histories = RunHistories(client)
        self._client = client
        self._task_queue = task_queue

    async def list(self, query: str) -> AsyncIterator[tuple[str, Run]]:
        """Workflow ids and runs, as far as visibility shows them: a second late at times."""
        async for found in self._client.list_workflows(query, page_size=PAGE):
            yield found.id, _run(found)

    async def count(self, query: str) -> int:
        return (await self._client.count_workflows(query)).count

    async def describe(self, workflow_id: str) -> Run | None:
        """The newest run; None where there is none, or none any more."""
        try:
            described = await self._client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None
        failures = max(0, described.raw_description.pending_workflow_task.attempt - 1)
        return _run(described, failures)

    async def end(self, workflow_id: str, run_id: str, reason: str) -> None:
        """Terminate that run, and no other; one that has ended already stays as it is."""
        try:
            await self._client.get_workflow_handle(workflow_id, run_id=run_id).terminate(reason=reason)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def start(self, workflow_id: str, after: str | None, summary: str | None) -> bool:
        """Start a run that loads what is recorded, and whatever the run `after` was sent besides. False when somebody
        else has started one meanwhile."""
        try:
            await self._client.start_workflow(
                WORKFLOW_TYPE,
                {} if after is None else {AFTER: after},
                id=workflow_id,
                task_queue=self._task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                static_summary=summary,
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def last_recorded(self, workflow_id: str, run_id: str, before: Instant) -> int:
        """The highest sequence among the records that the run has handed over before that instant, or that were handed
        over before it continued another run; 0 if there is none.

        Read from the end of its history, so that it costs the same however long that is; 0 if that is gone.
        """
        try:
            return await self._last_recorded(workflow_id, run_id, before)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return 0

    async def _last_recorded(self, workflow_id: str, run_id: str, before: Instant) -> int:
        token = b""
        while True:
            answer = await self._client.workflow_service.get_workflow_execution_history_reverse(
                GetWorkflowExecutionHistoryReverseRequest(
                    namespace=self._client.namespace,
                    execution=Execution(workflow_id=workflow_id, run_id=run_id),
                    maximum_page_size=50,
                    next_page_token=token,
                )
            )
            for event in answer.history.events:
                if (sequence := await self._sequence(event, before)) is not None:
                    return sequence
            token = answer.next_page_token
            if not token:
                return await self._begun_with(workflow_id, run_id)

    async def _sequence(self, event: HistoryEvent, before: Instant) -> int | None:
        """Of the last record that this event tells of; None if it tells of none."""
        scheduled = event.activity_task_scheduled_event_attributes
        at = from_datetime(event.event_time.ToDatetime(tzinfo=UTC))
        if scheduled.activity_type.name != RECORD or at >= before:
            return None
        records = unpack(await self._decoded(scheduled.input.payloads))["records"]
        return max(int(record["sequence"]) for record in records)

    async def _begun_with(self, workflow_id: str, run_id: str) -> int:
        """How far the instance was recorded when the run began to go on with it."""
        run = await self.histories.read(workflow_id, run_id)
        state = None if run is None else run.state
        return 0 if state is None else int(state["sequence"]) - len(state.get("unrecorded", ()))

    async def _decoded(self, payloads: Sequence[Payload]) -> Any:
        return (await self._client.data_converter.decode(list(payloads)))[0] if payloads else None

    async def last_poll(self) -> Instant | None:
        """When a worker was last seen polling for workflow tasks; None when Temporal remembers none."""
        answer = await self._client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=self._client.namespace,
                task_queue=TaskQueue(name=self._task_queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
        )
        polls = [poller.last_access_time.ToDatetime(tzinfo=UTC) for poller in answer.pollers]
        return from_datetime(max(polls)) if polls else None


def _run(execution: WorkflowExecution, failures: int = 0) -> Run:
    assert execution.status is not None
    return Run(
        run_id=execution.run_id,
        status=execution.status,
        started_at=from_datetime(execution.start_time),
        closed_at=None if execution.close_time is None else from_datetime(execution.close_time),
        failures=failures,
    )
