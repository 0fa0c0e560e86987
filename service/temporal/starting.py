"""Starting a run that goes on with an instance from its record."""

from __future__ import annotations

from typing import Any

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from workflows.messages import AFTER, WORKFLOW_TYPE


async def start_from_record(
    client: Client,
    workflow_id: str,
    task_queue: str,
    *,
    after: str | None,
    summary: str | None,
    if_running: WorkflowIDConflictPolicy,
    **options: Any,
) -> None:
    """Start a run that loads the recorded past, and the signals of the run `after` that are not recorded.

    `after` is the run that ended before its instance was over, None if there was no such run. `options` are those of
    `Client.start_workflow`. Raises RPCError; also WorkflowAlreadyStartedError if `if_running` is FAIL.
    """
    await client.start_workflow(
        WORKFLOW_TYPE,
        {} if after is None else {AFTER: after},
        id=workflow_id,
        task_queue=task_queue,
        id_conflict_policy=if_running,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        static_summary=summary,
        **options,
    )
