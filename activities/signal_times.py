"""Reading from a run's own history when its signals reached Temporal, however late a worker came to read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from domain.instants import from_datetime, render


class HistorySignalTimes:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def __call__(self, workflow_id: str, run_id: str, ordinals: frozenset[int]) -> Mapping[int, str]:
        handle = self._client.get_workflow_handle(workflow_id, run_id=run_id)
        times: dict[int, str] = {}
        ordinal = 0
        async for event in handle.fetch_history_events():
            if event.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                continue
            ordinal += 1
            if ordinal in ordinals:
                times[ordinal] = render(from_datetime(event.event_time.ToDatetime(tzinfo=UTC)))
            if ordinal >= max(ordinals):
                break
        return times
