"""Repairing one instance: record what its history holds, or go on in a new run from the record."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from temporalio.client import WorkflowExecutionStatus

from domain.ids import parse_workflow_id, workflow_id
from domain.instants import MINUTE, SECOND, Instant, Micros, render
from domain.record.records import FIRST
from service.reconciling.catching_up import rebuild, steps_of
from service.reconciling.findings import Finding, Trouble
from service.reconciling.runs import Run, Runs
from service.reconciling.suspects import Suspicion
from store.instances.upkeep import Address, RecordedInstance
from store.store import Store
from workflows.messages import summary

Replays = Callable[[str, str], Awaitable[bool]]
"""(workflow id, run id): whether the history of the run can be replayed by the code of today."""

# Records may still be on their way into the store, and runs into visibility.
GRACE = Micros(10 * SECOND)
# A task whose worker was killed counts as failed, too.
FAILING_AFTER = 3
GAP = "the store lacks steps before others"
# Otherwise a run that ends again and again would be started for ever.
MOST_RESTARTS = 5
RESTARTS_WITHIN = Micros(10 * MINUTE)


def address_of(id_: str) -> Address:
    """The organization and instance id in a workflow id. Raises InvalidValue for the id of another workflow."""
    organization, instance = parse_workflow_id(id_)
    return organization, str(instance)


@dataclass(slots=True)
class Healing:
    """Every method returns what it found, None if nothing is wrong. With `dry` it changes nothing.

    Every method raises RPCError and StoreUnavailable.
    """

    store: Store
    runs: Runs
    replays: Replays
    now: Callable[[], Instant]
    dry: bool
    _unfillable: dict[str, int] = field(default_factory=dict, init=False)
    _restarts: defaultdict[str, deque[Instant]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=MOST_RESTARTS)), init=False
    )

    async def start_again(self, recorded: RecordedInstance) -> Finding | None:
        """Check an instance that is recorded as going on, and is not among the running workflows."""
        id_ = workflow_id(*recorded.address)
        run = await self.runs.describe(id_)
        if run is not None and run.is_running:
            return None
        if run is None:
            return await self._start(Trouble.GONE, id_, None, "Temporal has no workflow for it")
        if (behind := await self.record(recorded, id_, run)) is not None:
            now_recorded = await self.store.upkeep.recorded([recorded.address])
            if self.dry or not now_recorded[recorded.address].ongoing:
                return behind
        if run.status is WorkflowExecutionStatus.COMPLETED and self._is_fresh(run):
            return None
        return await self._start(Trouble.GONE, id_, run.run_id, f"its workflow is {run.status.name.lower()}")

    async def record(self, recorded: RecordedInstance | None, id_: str, run: Run) -> Finding | None:
        """Check an instance whose run may be ahead of the store, or behind it, as it is after Temporal was restored."""
        sequences = await self.runs.recorded_sequences(id_, run.run_id, Instant(self.now() - GRACE))
        known = 0 if recorded is None else recorded.sequence
        # Whoever starts the run may record the first step. A run that has sent no step may still be loading.
        if run.is_running and known > sequences.newest >= FIRST:
            detail = f"its run has come to step {sequences.newest}, the record to step {known}"
            return await self._replace(Trouble.CONTRADICTORY, id_, run.run_id, detail)
        if recorded is not None and known >= sequences.settled:
            return None
        if self.dry:
            return Finding(Trouble.UNRECORDED, id_, _behind(known), "its history would be recorded")
        steps = await rebuild(self.runs.histories, self.store.instances.apply, id_, run.run_id, self.now())
        newest = (await self.store.upkeep.recorded([address_of(id_)])).get(address_of(id_))
        if newest is None or newest.sequence <= known:
            return None
        return Finding(Trouble.UNRECORDED, id_, _behind(known), f"recorded up to step {newest.sequence} ({steps} read)")

    async def fill(self, recorded: RecordedInstance) -> Finding | None:
        """Check an instance that lacks a step before others.

        That happens if the store is restored while the workflow goes on.

        A step that is in no history stays missing.
        """
        id_ = workflow_id(*recorded.address)
        run = None if self._unfillable.get(id_) == recorded.sequence else await self.runs.describe(id_)
        if run is None:
            return None
        held = await steps_of(self.runs.histories, id_, run.run_id)
        if not held - await self.store.upkeep.sequences(recorded.address):
            self._unfillable[id_] = recorded.sequence
            return None
        if self.dry:
            return Finding(Trouble.UNRECORDED, id_, GAP, "its history would be recorded")
        await rebuild(self.runs.histories, self.store.instances.apply, id_, run.run_id, self.now())
        return Finding(Trouble.UNRECORDED, id_, GAP, "recorded from its history")

    async def examine(self, id_: str, suspicion: Suspicion | None, suspected: str | None = None) -> Finding | None:
        """Check a running workflow that may be stuck. `suspected` is the run that was reported, if one was."""
        run = await self.runs.describe(id_)
        if run is None or not run.is_running or suspected not in (None, run.run_id):
            return None
        if suspicion is Suspicion.REFUSED:
            detail = "its run tells another past than the record"
            return await self._replace(Trouble.CONTRADICTORY, id_, run.run_id, detail)
        if suspicion is None and run.failures == 0:
            return None
        if not await self.replays(id_, run.run_id):
            return await self._replace(Trouble.WEDGED, id_, run.run_id, "its history cannot be replayed")
        if run.failures < FAILING_AFTER:
            return None
        return Finding(Trouble.FAILING, id_, f"its task has failed {run.failures} times in a row", None)

    async def overdue(self, recorded: RecordedInstance) -> Finding | None:
        """Check an instance that has not fired a milestone in time, as far as is recorded."""
        id_ = workflow_id(*recorded.address)
        run = await self.runs.describe(id_)
        if run is None or not run.is_running:
            return None
        if (behind := await self.record(recorded, id_, run)) is not None:
            return behind
        if run.failures:
            return await self.examine(id_, None)
        return Finding(Trouble.OVERDUE, id_, "a milestone should have fired more than a minute ago", None)

    async def _replace(self, trouble: Trouble, id_: str, run_id: str, detail: str) -> Finding | None:
        """End the run, then start a new one.

        If this process dies in between, the next round starts it: the run is gone then.
        """
        newest = await self.runs.describe(id_)
        if newest is None or newest.run_id != run_id:
            # It has continued as new since it was listed.
            return None
        if not self.dry and not self._is_exhausted(id_):
            await self.runs.end(id_, run_id, f"{trouble}: {detail}")
        return await self._start(trouble, id_, run_id, detail)

    async def _start(self, trouble: Trouble, id_: str, after: str | None, detail: str) -> Finding:
        if self.dry:
            return Finding(trouble, id_, detail, "it would go on from its record")
        if self._is_exhausted(id_):
            since = render(self._restarts[id_][0])
            return Finding(trouble, id_, f"{detail}, {MOST_RESTARTS} times since {since}", None)
        self._restarts[id_].append(self.now())
        stored = await self.store.instances.get(*address_of(id_))
        started = await self.runs.start(id_, after, None if stored is None else summary(stored.snapshot))
        return Finding(trouble, id_, detail, "goes on from its record" if started else "goes on already")

    def _is_exhausted(self, id_: str) -> bool:
        restarts = self._restarts[id_]
        return len(restarts) == MOST_RESTARTS and restarts[0] > self.now() - RESTARTS_WITHIN

    def _is_fresh(self, run: Run) -> bool:
        """Whether the run has just ended: its last records may be newer than what was read of the store."""
        return run.closed_at is not None and run.closed_at > self.now() - GRACE


def _behind(known: int) -> str:
    return f"the store has it up to step {known}" if known else "the store does not have it"
