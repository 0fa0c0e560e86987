"""The history of a run as its clients read it, outside of the workflow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client

from domain.instants import Instant, from_datetime


class Timestamp(Protocol):
    """Protobuf's, as far as it is needed: what stands beside workflows imports nothing but Temporal's own packages."""

    def ToDatetime(self, tzinfo: tzinfo | None = ...) -> datetime: ...  # noqa: N802 - protobuf's name


async def newest_first(client: Client, workflow_id: str, run_id: str, page: int) -> AsyncIterator[HistoryEvent]:
    """The events of a run from the last to the first, read so many at a time.

    Whoever stops early pays the same however long the history is. Raises RPCError.
    """
    token = b""
    while True:
        answer = await client.workflow_service.get_workflow_execution_history_reverse(
            GetWorkflowExecutionHistoryReverseRequest(
                namespace=client.namespace,
                execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
                maximum_page_size=page,
                next_page_token=token,
            )
        )
        for event in answer.history.events:
            yield event
        token = answer.next_page_token
        if not token:
            return


def instant_of(timestamp: Timestamp) -> Instant:
    return from_datetime(timestamp.ToDatetime(tzinfo=UTC))
