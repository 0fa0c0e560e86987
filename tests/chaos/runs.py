"""The workflows of a run, as Temporal tells of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from tests.support.replaying import replayer
from workflows.messages import WORKFLOW_TYPE

OURS = f'WorkflowType = "{WORKFLOW_TYPE}"'
RUNNING = f'{OURS} AND ExecutionStatus = "Running"'
PROBLEMATIC = f"{OURS} AND TemporalReportedProblems IS NOT NULL"
COMPLETE_SECONDS = 120.0
TAIL = 15


async def all_complete(client: Client) -> bool:
    """Once no workflow runs, and none does a second later; False when some still do in the end."""
    quiet = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(COMPLETE_SECONDS):
            while quiet < 2:
                quiet = quiet + 1 if await _none_runs(client) else 0
                await asyncio.sleep(1)
    return quiet == 2


async def _none_runs(client: Client) -> bool:
    try:
        return (await client.count_workflows(RUNNING)).count == 0
    except RPCError:
        return False


async def problems(client: Client) -> Sequence[str]:
    """Runs that have not completed, whose tasks fail, that failed, or whose history was refused."""
    found = [f"{one.id} still runs: {await _standing(client, one.id)}" async for one in client.list_workflows(RUNNING)]
    found += [
        f"{one.id}: Temporal reports problems of run {one.run_id}" async for one in client.list_workflows(PROBLEMATIC)
    ]
    fine = (
        WorkflowExecutionStatus.COMPLETED,
        WorkflowExecutionStatus.CONTINUED_AS_NEW,
        WorkflowExecutionStatus.RUNNING,
        # Ended by the reconciler, which goes on in another run: counted, and seen in the record if anything was lost.
        WorkflowExecutionStatus.TERMINATED,
    )
    async for one in client.list_workflows(OURS):
        if one.status not in fine:
            found.append(f"{one.id} ended as {one.status.name if one.status else one.status}")
    return found


async def unreplayable(client: Client) -> Sequence[str]:
    """Runs whose history does not replay, but for those that the reconciler has ended."""
    histories = client.list_workflows(f'{OURS} AND ExecutionStatus != "Terminated"').map_histories()
    async with replayer().workflow_replay_iterator(histories) as results:
        return [
            f"{result.history.workflow_id} does not replay: {str(result.replay_failure)[:300]}"
            async for result in results
            if result.replay_failure is not None
        ]


async def endings(client: Client) -> Counter[str]:
    """How many runs ended how, and why tasks failed."""
    counts: Counter[str] = Counter()
    async for one in client.list_workflows(OURS):
        counts[f"runs {one.status.name.lower() if one.status else one.status}"] += 1
        async for event in client.get_workflow_handle(one.id, run_id=one.run_id).fetch_history_events():
            if event.HasField("workflow_task_failed_event_attributes"):
                cause = WorkflowTaskFailedCause.Name(event.workflow_task_failed_event_attributes.cause)
                counts[f"tasks failed: {cause.removeprefix('WORKFLOW_TASK_FAILED_CAUSE_').lower()}"] += 1
    return counts


async def _standing(client: Client, id_: str) -> str:
    described = (await client.get_workflow_handle(id_).describe()).raw_description
    task = described.pending_workflow_task
    pending = [f"{one.activity_type.name} (attempt {one.attempt})" for one in described.pending_activities]
    return f"task attempt {task.attempt}, pending {pending}; {await tail(client, id_)}"


async def tail(client: Client, id_: str) -> str:
    """The last events of its newest run."""
    try:
        history = await client.get_workflow_handle(id_).fetch_history()
    except RPCError as error:
        return f"no history: {error}"
    names = [f"{one.event_id} {EventType.Name(one.event_type)[11:].lower()}" for one in history.events[-TAIL:]]
    return f"run {history.run_id}: {', '.join(names)}"
