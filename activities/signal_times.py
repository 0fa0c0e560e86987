"""Reading from a run's own history when its signals reached Temporal, however late a worker came to read them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client

from activities.ports import Signals
from domain.instants import from_datetime, render

PAGE = 20


class HistorySignalTimes:
    """Reads from the end, so that it costs the same however long a history is."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def __call__(self, signals: Signals, ordinals: frozenset[int]) -> Mapping[int, str]:
        times: dict[int, str] = {}
        asked_in, started, ordinal = None, None, signals.count
        async for event in self._backwards(signals):
            if event.activity_task_scheduled_event_attributes.activity_id == signals.activity_id:
                asked_in = event.activity_task_scheduled_event_attributes.workflow_task_completed_event_id
            elif event.event_id == asked_in:
                started = event.workflow_task_completed_event_attributes.started_event_id
            elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED and started is not None:
                # What came while that task ran is written behind it, and the workflow had not read it.
                if ordinal in ordinals:
                    times[ordinal] = render(from_datetime(event.event_time.ToDatetime(tzinfo=UTC)))
                ordinal -= 1
                if ordinal < min(ordinals):
                    break
        return times

    async def _backwards(self, signals: Signals) -> AsyncIterator[HistoryEvent]:
        token = b""
        while True:
            answer = await self._client.workflow_service.get_workflow_execution_history_reverse(
                GetWorkflowExecutionHistoryReverseRequest(
                    namespace=self._client.namespace,
                    execution=WorkflowExecution(workflow_id=signals.workflow_id, run_id=signals.run_id),
                    maximum_page_size=PAGE,
                    next_page_token=token,
                )
            )
            for event in answer.history.events:
                yield event
            token = answer.next_page_token
            if not token:
                return
