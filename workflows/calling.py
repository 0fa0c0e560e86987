"""Calling an activity from the workflow: always as a regular one (decision 13)."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from workflows.calls import REGULAR, Document
    from workflows.packing import pack


class Options(TypedDict, total=False):
    """`summary` is what operators see of the activity in the Temporal UI."""

    summary: str
    priority: Priority


async def call(activity: str, request: Document, **options: Unpack[Options]) -> Document:
    """The activity's answer, however long that takes.

    Raises FailureError for reasons that cannot pass, and when the workflow is cancelled meanwhile.
    """
    limits: Any = {**REGULAR[activity], **options}
    answer: Document = await workflow.execute_activity(activity, pack(request), result_type=dict, **limits)
    return answer


def cause_of(error: FailureError) -> BaseException:
    """What went wrong inside an activity."""
    return error.cause or error if isinstance(error, ActivityError) else error
