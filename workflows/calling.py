"""Calling an activity from the workflow: always as a regular one (decision 13)."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from workflows.calls import REGULAR, Document
    from workflows.packing import pack


async def call(activity: str, request: Document) -> Document:
    """The activity's answer, however long that takes.

    Raises FailureError for reasons that cannot pass, and when the workflow is cancelled meanwhile.
    """
    answer: Document = await workflow.execute_activity(activity, pack(request), result_type=dict, **REGULAR[activity])
    return answer


def cause_of(error: FailureError) -> BaseException:
    """What went wrong inside an activity."""
    return error.cause or error if isinstance(error, ActivityError) else error
