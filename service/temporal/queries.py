"""Querying a workflow directly, as some tools do. A refused query is sent again."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio.client import WorkflowHandle, WorkflowQueryFailedError

ATTEMPTS = 5
PAUSE_SECONDS = 0.05


async def ask(handle: WorkflowHandle[Any, Any], question: Any) -> Any:
    """The answer to a query.

    A worker may refuse a query that comes together with news (decision 14); any other failure repeats on every attempt.
    Raises WorkflowQueryFailedError and RPCError.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return await handle.query(question)
        except WorkflowQueryFailedError:
            await asyncio.sleep(PAUSE_SECONDS)
    return await handle.query(question)
