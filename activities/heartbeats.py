"""Heartbeats of every activity while it runs: the server notices within seconds that one has ended with its worker."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

# The pause between beats, of the heartbeat timeout. So one beat may be lost, or the event loop be late by two thirds of
# the timeout, and no activity is repeated.
SHARE = 1 / 3


class Heartbeats(Interceptor):
    """Beats for each activity that is called with a heartbeat timeout. A brief one ends before its first beat."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Beating(next)


class _Beating(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the interface's name
        timeout = activity.info().heartbeat_timeout
        if timeout is None:
            return await super().execute_activity(input)
        beats = asyncio.create_task(_beat(timeout.total_seconds() * SHARE))
        try:
            return await super().execute_activity(input)
        finally:
            beats.cancel()


async def _beat(pause: float) -> None:
    while True:
        await asyncio.sleep(pause)
        activity.heartbeat()
