"""What tests slip between a worker and its activities."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from temporalio import activity, client
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from workflows.calls import APPLY_EVENTS


class BeforeTheFirstPlan(Interceptor):
    """`came` once the first plan is asked for; it is made when `act` has returned."""

    def __init__(self, act: Callable[[], Awaitable[Any]]) -> None:
        self.act = act
        self.came = asyncio.Event()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Waiting(next, self)


class _Waiting(ActivityInboundInterceptor):
    def __init__(self, next_: ActivityInboundInterceptor, before: BeforeTheFirstPlan) -> None:
        super().__init__(next_)
        self._before = before

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the interface's name
        if activity.info().activity_type == APPLY_EVENTS and not self._before.came.is_set():
            self._before.came.set()
            await self._before.act()
        return await super().execute_activity(input)


class Questions(client.Interceptor):
    """The workflows that a client with this interceptor has asked, as often as it has."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def intercept_client(self, next: client.OutboundInterceptor) -> client.OutboundInterceptor:  # noqa: A002
        return _Counting(next, self.asked)


class _Counting(client.OutboundInterceptor):
    def __init__(self, next_: client.OutboundInterceptor, asked: list[str]) -> None:
        super().__init__(next_)
        self._asked = asked

    async def query_workflow(self, input: client.QueryWorkflowInput) -> Any:  # noqa: A002 - the interface's name
        self._asked.append(input.id)
        return await super().query_workflow(input)
