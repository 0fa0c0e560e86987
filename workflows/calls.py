"""The activities an instance calls, by name, with the limits each is called under."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypedDict

from temporalio.common import RetryPolicy

PLAN = "plan"
LOAD = "load"
RECORD = "record"
DELIVER = "deliver"
AUTO_ESCALATE = "auto_escalate"


class Limits(TypedDict, total=False):
    start_to_close_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy


_PROMPT = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=30))
_PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))

# How long an attempt that ended with its worker goes unnoticed.
_UNHEARD = timedelta(seconds=4)

REGULAR: dict[str, Limits] = {
    PLAN: Limits(start_to_close_timeout=timedelta(seconds=10), heartbeat_timeout=_UNHEARD, retry_policy=_PROMPT),
    LOAD: Limits(start_to_close_timeout=timedelta(seconds=10), heartbeat_timeout=_UNHEARD, retry_policy=_PROMPT),
    RECORD: Limits(start_to_close_timeout=timedelta(seconds=10), heartbeat_timeout=_UNHEARD, retry_policy=_PATIENT),
    AUTO_ESCALATE: Limits(
        start_to_close_timeout=timedelta(seconds=5), heartbeat_timeout=_UNHEARD, retry_policy=_PATIENT
    ),
    # Without an end of its own: only the activity knows whether a notice was tried at all.
    DELIVER: Limits(
        start_to_close_timeout=timedelta(seconds=30),
        heartbeat_timeout=_UNHEARD,
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
    ),
}

Document = dict[str, Any]
