"""Asking a workflow directly, which some tools do: refused right behind a task, the question is asked again."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio.client import WorkflowHandle, WorkflowQueryFailedError

ATTEMPTS = 5
PAUSE_SECONDS = 0.05


async def ask(handle: WorkflowHandle[Any, Any], question: Any) -> Any:
    """The answer. A worker may refuse a question that came close to news (decision 14); whatever else fails does so on
    every attempt. Raises WorkflowQueryFailedError and RPCError."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await handle.query(question)
        except WorkflowQueryFailedError:
            await asyncio.sleep(PAUSE_SECONDS)
    return await handle.query(question)
