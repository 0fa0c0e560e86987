"""Calling an activity from the workflow: locally where that is quick, else as a regular one."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.calls import LOCAL, REGULAR, Document
    from workflows.packing import pack


async def call(activity: str, request: Document, local: bool = True) -> Document:
    """Falls back to a regular activity when the local one keeps failing for reasons that may pass.

    Raises FailureError for reasons that may not, and when the workflow is cancelled meanwhile.
    """
    request = pack(request)
    if local:
        try:
            answer: Document = await workflow.execute_local_activity(
                activity, request, result_type=dict, **LOCAL[activity]
            )
        except FailureError as error:
            cause = cause_of(error)
            if is_cancelled_exception(error) or (isinstance(cause, ApplicationError) and cause.non_retryable):
                raise
        else:
            return answer
    regular: Document = await workflow.execute_activity(activity, request, result_type=dict, **REGULAR[activity])
    return regular


def cause_of(error: FailureError) -> BaseException:
    """What went wrong inside an activity; only a regular one's failure comes wrapped."""
    return error.cause or error if isinstance(error, ActivityError) else error
