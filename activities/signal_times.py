"""When the signals of a run reached Temporal, read from the run's own history.

A worker may read signals long after they arrived.
"""

from __future__ import annotations

from collections.abc import Mapping

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from activities.ports import Signals
from domain.instants import render
from workflows.run_events import instant_of, newest_first

PAGE = 20


class HistorySignalTimes:
    """Reads a history from its end, so that its length does not matter."""

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
                # Signals that came while that task ran are written behind it: the workflow had not read them.
                if ordinal in ordinals:
                    times[ordinal] = render(instant_of(event.event_time))
                ordinal -= 1
                if ordinal < min(ordinals):
                    break
        return times
