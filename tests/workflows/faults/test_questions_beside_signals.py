"""A question that reaches a worker together with a signal must not lead an instance another way than its history.

The SDK ends a workflow task to answer a question that came with it. What a local activity has answered by then stands
in the history of that task, but the workflow is told in the next one, beside signals that arrived meanwhile; on replay
it is told before them. Hence decision 13.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import HandleQueryInput, WorkflowInboundInterceptor, WorkflowInterceptorClassInput

from domain.policy.policies import Policy
from tests.support.clockwork import Clockwork, eventually, snapshot_of, working
from tests.support.interceptors import BeforeTheFirstPlan
from tests.support.replaying import replayer

ANSWERING_SECONDS = 0.5


async def test_a_question_beside_two_signals_leaves_a_history_that_replays(realtime: Clockwork, policy: Policy) -> None:
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy))
        await eventually(ticket.state, lambda state: state["unrecorded"] == 0)
    # Nobody works now, so that both wait and then come in one task.
    await ticket.signal("cancel", event_id="c")
    question = asyncio.create_task(ticket.state())
    await asyncio.sleep(0.3)
    meanwhile = Meanwhile(lambda: ticket.signal("acknowledge", event_id="a"))
    async with working(realtime, interceptors=[meanwhile]):
        await question
        assert await asyncio.wait_for(ticket.result(), 20) == {"status": "cancelled"}
    assert meanwhile.came.is_set()
    history = await ticket.handle.fetch_history()
    await replayer().replay_workflow(WorkflowHistory(ticket.handle.id, history.events))


class Meanwhile(BeforeTheFirstPlan):
    """The plan gets ready, and something else happens, while the worker is busy with its answer to a question."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002
        return _SlowToAnswer


class _SlowToAnswer(WorkflowInboundInterceptor):
    async def handle_query(self, input: HandleQueryInput) -> Any:  # noqa: A002 - the interface's name
        with workflow.unsafe.sandbox_unrestricted():
            time.sleep(ANSWERING_SECONDS)  # noqa: ASYNC251 - nothing else may happen in this task meanwhile
        return await super().handle_query(input)
