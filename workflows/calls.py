"""The activities an instance calls, by name, with the limits each is called under."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypedDict

from temporalio.common import Priority, RetryPolicy

LOAD = "load"
APPLY_EVENTS = "apply_events"
TELL = "tell"
RECORD = "record"
DELIVER = "deliver"
AUTO_ESCALATE = "auto_escalate"
# An answer of `apply_events`: nobody has what the events are added to, so it must be sent along.
LACKS_PAST = "lacks_past"
# In every request that has steps written: the number of the newest step there is, whichever it is about.
NEWEST = "newest"


class Limits(TypedDict, total=False):
    start_to_close_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy
    priority: Priority


_PROMPT = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=30))
_PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))

# How long an attempt that ended with its worker goes unnoticed.
_UNHEARD = timedelta(seconds=4)

# Lower numbers first, where the server knows priorities (1.28): a breach is told before a warning, and before what may
# be written later.
BREACH = Priority(priority_key=1)
WARNING = Priority(priority_key=3)
_LATER = Priority(priority_key=5)

REGULAR: dict[str, Limits] = {
    LOAD: Limits(start_to_close_timeout=timedelta(seconds=10), heartbeat_timeout=_UNHEARD, retry_policy=_PROMPT),
    APPLY_EVENTS: Limits(
        start_to_close_timeout=timedelta(seconds=10), heartbeat_timeout=_UNHEARD, retry_policy=_PROMPT
    ),
    TELL: Limits(start_to_close_timeout=timedelta(seconds=30), heartbeat_timeout=_UNHEARD, retry_policy=_PATIENT),
    RECORD: Limits(
        start_to_close_timeout=timedelta(seconds=10),
        heartbeat_timeout=_UNHEARD,
        retry_policy=_PATIENT,
        priority=_LATER,
    ),
    AUTO_ESCALATE: Limits(
        start_to_close_timeout=timedelta(seconds=5), heartbeat_timeout=_UNHEARD, retry_policy=_PATIENT
    ),
    # Without an end of its own: only the activity knows whether a notice was tried at all.
    DELIVER: Limits(
        start_to_close_timeout=timedelta(seconds=30),
        heartbeat_timeout=_UNHEARD,
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
        priority=_LATER,
    ),
}

Document = dict[str, Any]
