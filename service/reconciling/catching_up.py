"""Recording what the store lacks from the histories of an instance's runs, which hold every record."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable

from domain.errors import PlanMissing, ProjectionConflict
from domain.instants import Instant
from domain.record.records import Record
from service.temporal.run_histories import RunHistories, RunHistory
from workflows.documents import EarlierRun
from workflows.state.serializing import state_from

logger = logging.getLogger("slakeeper.reconciler")

Apply = Callable[[Record], Awaitable[None]]


async def catch_up(apply: Apply, records: Iterable[Record]) -> int:
    """Write records in their order; return how many. A record that is there already changes nothing.

    Ends at the first record that contradicts what is recorded: from there on, a run that was reset has another past.
    """
    count = 0
    for record in records:
        try:
            await apply(record)
        except PlanMissing:
            # The same step follows with its plan, because it could not be recorded without it.
            continue
        except ProjectionConflict as conflict:
            logger.warning("%s; what is recorded stays", conflict.message)
            break
        count += 1
    return count


class EarlierRuns:
    """What an instance needs to go on if its run ended before the instance was over. Raises RPCError."""

    def __init__(self, histories: RunHistories, apply: Apply) -> None:
        self._histories = histories
        self._apply = apply

    async def __call__(self, workflow_id: str, run_id: str | None) -> EarlierRun | None:
        """What `RunHistories.earlier` gives. The store then has all records of those runs.

        Without a `run_id` the run is looked for: whoever started the instance may not have known it.
        """
        run_id = run_id or await self._histories.broken_off(workflow_id)
        if run_id is None:
            return None
        earlier = await self._histories.earlier(workflow_id, run_id)
        await catch_up(self._apply, map(Record.from_json, earlier["records"]))
        return earlier


async def rebuild(histories: RunHistories, apply: Apply, workflow_id: str, run_id: str, now: Instant) -> int:
    """Record the instance from the histories of the run and of all runs before it; return how many steps they hold.

    If the oldest history that is left began with a past, all of that past becomes the first step.
    """
    runs = [run async for run in histories.whole_chain(workflow_id, run_id)][::-1]
    if not runs:
        return 0
    return await catch_up(apply, [*_beginning(runs[0], now), *_steps(runs)])


async def steps_of(histories: RunHistories, workflow_id: str, run_id: str) -> frozenset[int]:
    """The sequences of the records in the histories of the run and of all runs before it."""
    runs = [run async for run in histories.whole_chain(workflow_id, run_id)]
    return frozenset(int(document["sequence"]) for run in runs for document in run.records)


def _steps(runs: Iterable[RunHistory]) -> Iterable[Record]:
    return (Record.from_json(document) for run in runs for document in run.records)


def _beginning(oldest: RunHistory, now: Instant) -> Iterable[Record]:
    if (state := oldest.state) is not None:
        yield state_from(state).whole_record(now)
