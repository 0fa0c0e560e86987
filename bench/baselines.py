"""What a ticket costs on Temporal without us.

`BareLife` is the least: its signals and one timer, no activity, no store. `RecordedLife` is the least that keeps what
it is told outside: one activity after each signal, the search attributes that an operator searches by, a timer for
what comes next. `UpdatedLife` is told by updates, as the engine is over REST. `ObviousLife` is what one writes first: a
timer for each milestone, an activity for each write.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey

PATIENCE = timedelta(seconds=30)
# The engine has registered it.
STATUS = SearchAttributeKey.for_keyword("SlaStatus")


@workflow.defn
class BareLife:
    """Its input may say `at` which instant it is due (seconds since 1970), and the `subject` of what it posts then."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.over = False

    @workflow.run
    async def run(self, ticket: dict[str, Any]) -> int:
        # From the instant, not as long as the opener thought: its first task may come late.
        left = ticket["at"] - workflow.now().timestamp() if "at" in ticket else 4 * 3600
        try:
            await workflow.wait_condition(lambda: self.over, timeout=timedelta(seconds=max(0.001, left)))
        except TimeoutError:
            if "subject" in ticket:
                await workflow.execute_activity("post", ticket, start_to_close_timeout=PATIENCE)
        return len(self.events)

    @workflow.signal
    def acknowledge(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    @workflow.signal
    def resolve(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        self.over = True


@workflow.defn
class RecordedLife:
    """Its activity does nothing: what it costs is Temporal's."""

    def __init__(self) -> None:
        self.news: list[dict[str, Any]] = []
        self.over = False

    @workflow.run
    async def run(self, _ticket: dict[str, Any]) -> int:
        written = 0
        while self.news or not self.over:
            await workflow.wait_condition(lambda: bool(self.news), timeout=timedelta(hours=4 + written))
            written += 1
            await workflow.execute_activity("write", self.news.pop(0), start_to_close_timeout=PATIENCE)
            workflow.upsert_search_attributes([STATUS.value_set(str(written))])
        return written

    @workflow.signal
    def acknowledge(self, event: dict[str, Any]) -> None:
        self.news.append(event)

    @workflow.signal
    def resolve(self, event: dict[str, Any]) -> None:
        self.news.append(event)
        self.over = True


@workflow.defn
class UpdatedLife:
    """The least that is told by updates instead of signals, and shows how many it was told."""

    def __init__(self) -> None:
        self.news: list[dict[str, Any]] = []
        self.over = False

    @workflow.run
    async def run(self, _ticket: dict[str, Any]) -> int:
        told = 0
        while not self.over:
            await workflow.wait_condition(lambda: bool(self.news), timeout=timedelta(hours=4 + told))
            told += len(self.news)
            self.news.clear()
            workflow.upsert_search_attributes([STATUS.value_set(str(told))])
        return told

    @workflow.update
    def acknowledge(self, event: dict[str, Any]) -> int:
        self.news.append(event)
        return len(self.news)

    @workflow.update
    def resolve(self, event: dict[str, Any]) -> int:
        self.news.append(event)
        self.over = True
        return len(self.news)


@workflow.defn
class ObviousLife:
    def __init__(self) -> None:
        self.news: list[dict[str, Any]] = []
        self.over = False

    @workflow.run
    async def run(self, ticket: dict[str, Any]) -> int:
        milestones = [asyncio.create_task(self._milestone(hours)) for hours in (2, 3, 4, 4, 6, 8)]
        written = 0
        await self._write(ticket)
        while self.news or not self.over:
            await workflow.wait_condition(lambda: bool(self.news))
            await self._write(self.news.pop(0))
            written += 1
        for milestone in milestones:
            milestone.cancel()
        return written

    async def _milestone(self, hours: int) -> None:
        await workflow.sleep(timedelta(hours=hours))
        await self._write({"milestone": hours})

    async def _write(self, what: dict[str, Any]) -> None:
        await workflow.execute_activity("write", what, start_to_close_timeout=PATIENCE)

    @workflow.signal
    def acknowledge(self, event: dict[str, Any]) -> None:
        self.news.append(event)

    @workflow.signal
    def resolve(self, event: dict[str, Any]) -> None:
        self.news.append(event)
        self.over = True
