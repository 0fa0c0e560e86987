"""Giving the store what the histories of an instance's runs hold and it does not: every record stands in them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from domain.errors import PlanMissing, ProjectionConflict
from domain.instants import Instant
from domain.record.records import Record
from service.temporal.run_histories import RunHistories, RunHistory
from workflows.state import InstanceState

logger = logging.getLogger("slakeeper.reconciler")

Apply = Callable[[Record], Awaitable[None]]


async def catch_up(apply: Apply, records: Iterable[Record]) -> int:
    """Give the store records in their order; how many. One that is there already changes nothing.

    Ends at the first one that contradicts what is recorded: a run that was reset tells another past from there on.
    """
    count = 0
    for record in records:
        try:
            await apply(record)
        except PlanMissing:
            # The same step follows with its plan: nobody could record it when it was told.
            continue
        except ProjectionConflict as conflict:
            logger.warning("%s; what is recorded stays", conflict.message)
            break
        count += 1
    return count


class EarlierRuns:
    """What an instance goes on with whose run ended before the instance was over. Raises RPCError."""

    def __init__(self, histories: RunHistories, apply: Apply) -> None:
        self._histories = histories
        self._apply = apply

    async def __call__(self, workflow_id: str, run_id: str | None) -> Mapping[str, Any] | None:
        """`{start, started_at, signals}` of `RunHistories.earlier`; the store has all records of those runs then.

        Whoever started the instance may not have known of such a run: without one it is looked for.
        """
        run_id = run_id or await self._histories.broken_off(workflow_id)
        if run_id is None:
            return None
        earlier = await self._histories.earlier(workflow_id, run_id)
        await catch_up(self._apply, map(Record.from_json, earlier["records"]))
        return earlier


async def rebuild(histories: RunHistories, apply: Apply, workflow_id: str, run_id: str, now: Instant) -> int:
    """Record the instance from the histories of that run and of all before it; how many steps they hold.

    Where the oldest history that is left began with a past that no history tells, all of that past is the first step.
    """
    runs = [run async for run in histories.whole_chain(workflow_id, run_id)][::-1]
    if not runs:
        return 0
    return await catch_up(apply, [*_beginning(runs[0], now), *_steps(runs)])


async def steps_of(histories: RunHistories, workflow_id: str, run_id: str) -> frozenset[int]:
    """The sequences of the records that the histories of that run and of all before it hold."""
    runs = [run async for run in histories.whole_chain(workflow_id, run_id)]
    return frozenset(int(document["sequence"]) for run in runs for document in run.records)


def _steps(runs: Iterable[RunHistory]) -> Iterable[Record]:
    return (Record.from_json(document) for run in runs for document in run.records)


def _beginning(oldest: RunHistory, now: Instant) -> Iterable[Record]:
    if (state := oldest.state) is not None:
        yield InstanceState.from_json(state).whole_record(now)
