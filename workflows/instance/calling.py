"""Calling an activity from the workflow: always as a regular one (decision 13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, Unpack, cast

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from workflows.calls import LIMITS, Activity, Answer, Request
    from workflows.packing import pack, unpack


class Options(TypedDict, total=False):
    """`summary` is what operators see of the activity in the Temporal UI."""

    summary: str
    priority: Priority


async def call(activity: Activity[Request, Answer], request: Request, **options: Unpack[Options]) -> Answer:
    """The activity's answer, however long that takes.

    Raises FailureError for reasons that cannot pass, and when the workflow is cancelled meanwhile.
    """
    limits: Any = {**LIMITS[activity], **options}
    packed = pack(cast("Mapping[str, Any]", request))
    answer = await workflow.execute_activity(str(activity), packed, result_type=dict, **limits)
    return cast("Answer", unpack(answer))


def cause_of(error: FailureError) -> BaseException:
    """What went wrong inside an activity."""
    return error.cause or error if isinstance(error, ActivityError) else error
