"""A worker that is a version of its deployment gets the instances once it is made current."""

from __future__ import annotations

from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.service import RPCError

from domain.policy.policies import Policy
from tests.support.clockwork import Clockwork, eventually, snapshot_of, working
from worker import DEPLOYMENT


async def test_a_versioned_worker_works_once_it_is_current(realtime: Clockwork, policy: Policy) -> None:
    async def made_current() -> bool:
        try:
            await realtime.client.workflow_service.set_worker_deployment_current_version(
                SetWorkerDeploymentCurrentVersionRequest(
                    namespace=realtime.client.namespace, deployment_name=DEPLOYMENT, build_id="1.0", identity="tests"
                )
            )
        except RPCError:
            return False
        return True

    async with working(realtime, build_id="1.0"):
        await eventually(made_current)
        ticket = await realtime.open(snapshot_of(policy))
        await ticket.signal("resolve", event_id="r")
        assert await ticket.result() == {"status": "met"}
        assert "WORKFLOW_TASK_FAILED" not in await ticket.history()
