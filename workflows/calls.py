"""The activities an instance calls: names, documents, and the limits each is called under."""

from __future__ import annotations

from datetime import timedelta
from typing import Generic, TypedDict, TypeVar

from temporalio.common import Priority, RetryPolicy

from workflows.documents import (
    ApplyAnswer,
    ApplyRequest,
    DeliverAnswer,
    DeliverRequest,
    EscalateAnswer,
    EscalateRequest,
    HistoryLacking,
    LoadAnswer,
    LoadRequest,
    RecordAnswer,
    RecordRequest,
    TellAnswer,
    TellRequest,
)

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class Activity(str, Generic[Request, Answer]):
    """The name of an activity; the type checker knows by it what the activity is asked and what it answers."""

    __slots__ = ()


LOAD = Activity[LoadRequest, LoadAnswer]("load")
APPLY_EVENTS = Activity[ApplyRequest, ApplyAnswer | HistoryLacking]("apply_events")
TELL = Activity[TellRequest, TellAnswer]("tell")
RECORD = Activity[RecordRequest, RecordAnswer]("record")
DELIVER = Activity[DeliverRequest, DeliverAnswer]("deliver")
AUTO_ESCALATE = Activity[EscalateRequest, EscalateAnswer]("auto_escalate")


class Limits(TypedDict, total=False):
    start_to_close_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy
    priority: Priority


_PROMPT = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=30))
_PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))

# How long an attempt that ended with its worker goes unnoticed.
_HEARTBEAT = timedelta(seconds=4)

# Servers from 1.28 on take lower numbers first: a breach goes before a warning, and before what may be written later.
BREACH = Priority(priority_key=1)
WARNING = Priority(priority_key=3)
_LATER = Priority(priority_key=5)

LIMITS: dict[str, Limits] = {
    LOAD: Limits(start_to_close_timeout=timedelta(seconds=10), heartbeat_timeout=_HEARTBEAT, retry_policy=_PROMPT),
    APPLY_EVENTS: Limits(
        start_to_close_timeout=timedelta(seconds=10), heartbeat_timeout=_HEARTBEAT, retry_policy=_PROMPT
    ),
    TELL: Limits(start_to_close_timeout=timedelta(seconds=30), heartbeat_timeout=_HEARTBEAT, retry_policy=_PATIENT),
    RECORD: Limits(
        start_to_close_timeout=timedelta(seconds=10),
        heartbeat_timeout=_HEARTBEAT,
        retry_policy=_PATIENT,
        priority=_LATER,
    ),
    AUTO_ESCALATE: Limits(
        start_to_close_timeout=timedelta(seconds=5), heartbeat_timeout=_HEARTBEAT, retry_policy=_PATIENT
    ),
    # Without an end of its own: only the activity knows whether a notice was tried at all.
    DELIVER: Limits(
        start_to_close_timeout=timedelta(seconds=30),
        heartbeat_timeout=_HEARTBEAT,
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
        priority=_LATER,
    ),
}
