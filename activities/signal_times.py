"""Reading from a run's own history when its signals reached Temporal, however late a worker came to read them."""

from __future__ import annotations

from collections.abc import Mapping

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from activities.ports import Signals
from domain.instants import render
from workflows.run_events import instant_of, newest_first

PAGE = 20


class HistorySignalTimes:
    """Reads from the end, so that it costs the same however long a history is."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def __call__(self, signals: Signals, ordinals: frozenset[int]) -> Mapping[int, str]:
        times: dict[int, str] = {}
        task, started, ordinal = None, None, signals.count
        async for event in newest_first(self._client, signals.workflow_id, signals.run_id, PAGE):
            if event.activity_task_scheduled_event_attributes.activity_id == signals.activity_id:
                task = event.activity_task_scheduled_event_attributes.workflow_task_completed_event_id
            elif event.event_id == task:
                started = event.workflow_task_completed_event_attributes.started_event_id
            elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED and started is not None:
                # What came while that task ran is written behind it, and the workflow had not read it.
                if ordinal in ordinals:
                    times[ordinal] = render(instant_of(event.event_time))
                ordinal -= 1
                if ordinal < min(ordinals):
                    break
        return times
