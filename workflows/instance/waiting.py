"""When an instance wakes up next, and when it continues as new."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.instants import MICROSECOND, Instant, Micros

# How long continue-as-new waits for notices and records on their way: longer than an attempt at a notice takes.
CONTINUE_WITHIN = timedelta(seconds=30)
CONTINUING = "continuing as new"
# Where the server begins to warn; it ends a run at five times that.
CROWDED_EVENTS, CROWDED_BYTES = 10_240, 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Timer:
    at: Instant
    task: asyncio.Task[None]


class Alarm:
    """At most one timer. It is kept as long as the instant it rings at has not moved."""

    def __init__(self) -> None:
        self._timer: Timer | None = None

    def set(self, now: Instant, upcoming: tuple[Micros, str] | None) -> None:
        """Ring after that length, for what the text says; never for None."""
        at = None if upcoming is None else Instant(now + upcoming[0])
        if self._timer is not None and (self._timer.task.done() or self._timer.at != at):
            self._timer.task.cancel()
            self._timer = None
        if upcoming is not None and at is not None and self._timer is None:
            length, summary = upcoming
            self._timer = Timer(at, asyncio.create_task(_ring(length, summary)))

    @property
    def has_rung(self) -> bool:
        return self._timer is not None and self._timer.task.done()


class ContinueAsNew:
    """When this run ends and another one goes on with its state: once Temporal suggests it.

    The run waits until notices on their way are settled, so that none is sent twice. It waits for `CONTINUE_WITHIN` at
    most, and not at all once its history is crowded.
    """

    def __init__(self) -> None:
        self._latest: Instant | None = None

    @property
    def is_wanted(self) -> bool:
        return self._latest is not None

    def is_due(self, now: Instant, *, settled: bool) -> bool:
        info = workflow.info()
        if not info.is_continue_as_new_suggested():
            self._latest = None
            return False
        if self._latest is None:
            self._latest = Instant(now + CONTINUE_WITHIN // MICROSECOND)
        crowded = info.get_current_history_length() > CROWDED_EVENTS or info.get_current_history_size() > CROWDED_BYTES
        return settled or now >= self._latest or crowded

    def before(self, now: Instant, upcoming: tuple[Micros, str] | None) -> tuple[Micros, str] | None:
        """The earlier of `upcoming` and the end of that wait."""
        if self._latest is None:
            return upcoming
        left = Micros(max(0, self._latest - now))
        return upcoming if upcoming is not None and upcoming[0] <= left else (left, CONTINUING)


async def _ring(length: Micros, summary: str) -> None:
    await workflow.sleep(length * MICROSECOND, summary=summary)
