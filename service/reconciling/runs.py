"""Listing, describing, ending and starting the runs of instances. Temporal itself answers; no worker is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.instants import Instant, from_datetime, render
from service.temporal.run_histories import RunHistories
from service.temporal.sent_steps import STEP_ACTIVITIES
from service.temporal.starting import start_from_record
from service.temporal.statuses import suppress_status
from workflows.documents import RecordRequest
from workflows.messages import WORKFLOW_TYPE
from workflows.packing import unpack
from workflows.run_events import instant_of, newest_first

_OURS = f'WorkflowType = "{WORKFLOW_TYPE}"'
RUNNING = f'{_OURS} AND ExecutionStatus = "Running"'
PROBLEMATIC = f"{RUNNING} AND TemporalReportedProblems IS NOT NULL"
PAGE = 1000
HISTORY_PAGE = 50


@dataclass(frozen=True, slots=True)
class Run:
    """The newest run of a workflow. `failures` is how often its current task has failed in a row."""

    run_id: str
    status: WorkflowExecutionStatus
    started_at: Instant
    closed_at: Instant | None
    failures: int = 0

    @property
    def is_running(self) -> bool:
        return self.status is WorkflowExecutionStatus.RUNNING


@dataclass(frozen=True, slots=True)
class RecordedSequences:
    """The sequences of the last step that a run has sent to the store, and of the last one that it sent a while ago."""

    newest: int
    settled: int


def closed(since: Instant | None) -> str:
    """A query for the runs that have ended since then and were not continued."""
    ended = f'{_OURS} AND ExecutionStatus != "Running" AND ExecutionStatus != "ContinuedAsNew"'
    return ended if since is None else f"{ended} AND CloseTime > '{render(since)}'"


class Runs:
    """Raises RPCError when Temporal does not answer."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self.histories = RunHistories(client)
        self._client = client
        self._task_queue = task_queue

    async def list(self, query: str) -> AsyncIterator[tuple[str, Run]]:
        """Workflow ids and runs, as visibility shows them; it may be a second late."""
        async for found in self._client.list_workflows(query, page_size=PAGE):
            yield found.id, _run(found)

    async def failing(self) -> Sequence[str]:
        """The ids of the workflows whose task has failed several times in a row.

        Empty for a server before release 1.30, which does not report them: only the suspicions of workers are left
        then.
        """
        with suppress_status(RPCStatusCode.INVALID_ARGUMENT):
            return [id_ async for id_, _ in self.list(PROBLEMATIC)]
        return []

    async def count_failing(self) -> int | None:
        """The number of such workflows, None if the server does not report them."""
        with suppress_status(RPCStatusCode.INVALID_ARGUMENT):
            return (await self._client.count_workflows(PROBLEMATIC)).count
        return None

    async def describe(self, workflow_id: str) -> Run | None:
        """The newest run of the workflow, None if there is none, or none any more."""
        with suppress_status(RPCStatusCode.NOT_FOUND):
            described = await self._client.get_workflow_handle(workflow_id).describe()
            return _run(described, max(0, described.raw_description.pending_workflow_task.attempt - 1))
        return None

    async def end(self, workflow_id: str, run_id: str, reason: str) -> None:
        """Terminate that run and no other. A run that has ended stays as it is."""
        with suppress_status(RPCStatusCode.NOT_FOUND):
            await self._client.get_workflow_handle(workflow_id, run_id=run_id).terminate(reason=reason)

    async def start(self, workflow_id: str, after: str | None, summary: str | None) -> bool:
        """Start a run that loads what is recorded, and the other signals of the run `after`.

        False when a run was started meanwhile.
        """
        try:
            await start_from_record(
                self._client,
                workflow_id,
                self._task_queue,
                after=after,
                summary=summary,
                if_running=WorkflowIDConflictPolicy.FAIL,
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def recorded_sequences(self, workflow_id: str, run_id: str, before: Instant) -> RecordedSequences:
        """The last step that the run has sent to the store, and the last one that it had sent by the instant `before`.

        The history is read from its end, so its length does not matter. Both are 0 if the history is gone.
        """
        newest = 0
        try:
            async for sequence, at in self._sequences(workflow_id, run_id):
                newest = newest or sequence
                if at < before:
                    return RecordedSequences(newest, sequence)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return RecordedSequences(0, 0)
        begun_with = await self._begun_with(workflow_id, run_id)
        return RecordedSequences(newest or begun_with, begun_with)

    async def _sequences(self, workflow_id: str, run_id: str) -> AsyncIterator[tuple[int, Instant]]:
        """The newest step at each of the run's requests, and the request's instant; the last request first."""
        async for event in newest_first(self._client, workflow_id, run_id, HISTORY_PAGE):
            scheduled = event.activity_task_scheduled_event_attributes
            if scheduled.activity_type.name in STEP_ACTIVITIES:
                yield await self._newest(scheduled.input.payloads), instant_of(event.event_time)
            updated = event.workflow_execution_update_completed_event_attributes
            if updated.outcome.HasField("success"):
                # The one update that there is answers as requests ask.
                yield await self._newest(updated.outcome.success.payloads), instant_of(event.event_time)

    async def _newest(self, payloads: Iterable[Payload]) -> int:
        [document] = await self._client.data_converter.decode(list(payloads))
        return unpack(document, RecordRequest)["newest"]

    async def _begun_with(self, workflow_id: str, run_id: str) -> int:
        """The sequence up to which the instance was recorded when the run began."""
        run = await self.histories.read(workflow_id, run_id)
        state = None if run is None else run.state
        if state is None:
            return 0
        unrecorded = [int(record["sequence"]) for record in state.get("unrecorded", ())]
        return min(unrecorded, default=int(state["sequence"]) + 1) - 1

    async def last_poll(self) -> Instant | None:
        """When a worker last polled for workflow tasks, None if Temporal remembers none."""
        answer = await self._client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=self._client.namespace,
                task_queue=TaskQueue(name=self._task_queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
        )
        return max((instant_of(poller.last_access_time) for poller in answer.pollers), default=None)


def _run(execution: WorkflowExecution, failures: int = 0) -> Run:
    assert execution.status is not None
    return Run(
        run_id=execution.run_id,
        status=execution.status,
        started_at=from_datetime(execution.start_time),
        closed_at=None if execution.close_time is None else from_datetime(execution.close_time),
        failures=failures,
    )
