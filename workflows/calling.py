"""Calling an activity from the workflow: never locally (decision 13), but for runs that began with local calls."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.calls import LOCAL, REGULAR, Document
    from workflows.packing import pack


NOTHING_LOCAL = "no-local-activities"


async def call(activity: str, request: Document, once_local: bool = True) -> Document:
    """The answer, however long that takes.

    `once_local` is false where runs from before decision 13 did not call it locally first, though they usually did.

    Raises FailureError for reasons that cannot pass, and when the workflow is cancelled meanwhile.
    """
    request = pack(request)
    if activity in LOCAL and once_local and not workflow.patched(NOTHING_LOCAL):
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
