"""Having Temporal forget workflows, with their histories."""

from __future__ import annotations

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCStatusCode

from service.temporal.statuses import suppress_status


async def erase(client: Client, workflow_id: str, run_id: str = "") -> bool:
    """Without a run the newest one. What runs is terminated. False where there is none. Raises RPCError."""
    execution = WorkflowExecution(workflow_id=workflow_id, run_id=run_id)
    with suppress_status(RPCStatusCode.NOT_FOUND):
        await client.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
        )
        return True
    return False


async def erase_listed(client: Client, prefix: str) -> int:
    """Every run of the workflows whose ids begin so; how many were there. Raises RPCError."""
    query = f'WorkflowId STARTS_WITH "{prefix}"'
    found = [(one.id, one.run_id) async for one in client.list_workflows(query)]
    return sum([await erase(client, id_, run_id) for id_, run_id in found])
