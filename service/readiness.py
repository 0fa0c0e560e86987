"""Whether the engine does what it promises: each condition, with the figures by which it is judged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError

from domain.errors import Unavailable
from domain.instants import SECOND, Instant, Micros, in_units
from service.reconciling.findings import OVERDUE_AFTER
from service.reconciling.runs import Runs
from store.store import Store

# An idle worker asks for tasks once a minute.
POLL_WITHIN = Micros(75 * SECOND)


@dataclass(frozen=True, slots=True)
class ReadinessCondition:
    """`figures` are by name. A condition that cannot be found out is not up, and has no figures."""

    up: bool
    figures: dict[str, Any]


DOWN = ReadinessCondition(up=False, figures={})


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the store takes a write, Temporal answers, a worker polls, no milestone is overdue, nothing is stuck."""

    store: ReadinessCondition
    temporal: ReadinessCondition
    worker: ReadinessCondition
    milestones: ReadinessCondition
    instances: ReadinessCondition

    @property
    def is_ready(self) -> bool:
        return all(one.up for one in (self.store, self.temporal, self.worker, self.milestones, self.instances))


async def readiness(
    store: Store, client: Callable[[], Awaitable[Client]], task_queue: str, now: Instant, within: float
) -> Readiness:
    """The conditions, each found out within `within` seconds. Raises nothing: what does not answer is down."""

    async def runs() -> Runs:
        return Runs(await client(), task_queue)

    conditions = await asyncio.gather(
        _within(within, _store(store)),
        _within(within, _temporal(client)),
        _within(within, _worker(runs, now)),
        _within(within, _milestones(store, now)),
        _within(within, _instances(runs)),
    )
    return Readiness(*conditions)


async def _within(seconds: float, condition: Awaitable[ReadinessCondition]) -> ReadinessCondition:
    # A client that never connected raises RuntimeError.
    try:
        async with asyncio.timeout(seconds):
            return await condition
    except (Unavailable, RPCError, RuntimeError, TimeoutError):
        return DOWN


async def _store(store: Store) -> ReadinessCondition:
    began = time.perf_counter()
    await store.upkeep.write()
    return ReadinessCondition(up=True, figures={"write_ms": _millis_since(began)})


async def _temporal(client: Callable[[], Awaitable[Client]]) -> ReadinessCondition:
    began = time.perf_counter()
    up = await (await client()).service_client.check_health()
    return ReadinessCondition(up=up, figures={"answer_ms": _millis_since(began)})


async def _worker(runs: Callable[[], Awaitable[Runs]], now: Instant) -> ReadinessCondition:
    last = await (await runs()).last_poll()
    if last is None:
        return ReadinessCondition(up=False, figures={"last_poll_seconds": None})
    age = Micros(max(0, now - last))
    return ReadinessCondition(up=age <= POLL_WITHIN, figures={"last_poll_seconds": in_units(age, SECOND)})


async def _milestones(store: Store, now: Instant) -> ReadinessCondition:
    overdue = await store.upkeep.overdue(Instant(now - OVERDUE_AFTER))
    longest = 0.0 if overdue.since is None else in_units(Micros(now - overdue.since), SECOND)
    return ReadinessCondition(
        up=overdue.count == 0, figures={"overdue": overdue.count, "longest_overdue_seconds": longest}
    )


async def _instances(runs: Callable[[], Awaitable[Runs]]) -> ReadinessCondition:
    """No workflow is stuck.

    Temporal reports those whose task has failed several times in a row, from release 1.30 on.
    """
    stuck = await (await runs()).count_failing()
    return ReadinessCondition(up=not stuck, figures={"stuck": stuck})


def _millis_since(began: float) -> float:
    return round(1000 * (time.perf_counter() - began), 1)
