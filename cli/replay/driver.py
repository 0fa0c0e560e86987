"""Runs cases through real workflows on a time-skipping server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from cli.replay.collecting import CollectingChannel, CollectingProjection
from cli.replay.schedule import Arrival, Case, by_instant
from cli.replay.server import time_skipping
from cli.replay.shifting import Shift, shifted
from domain.errors import EngineUnavailable
from domain.ids import workflow_id
from domain.instants import MICROSECOND, MINUTE, Instant, Micros, from_datetime, render
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.catalog import Catalog
from domain.record.ledger import Firing, Ledger
from domain.ticket.events import Event, EventKind
from service.temporal.queries import ask
from worker import build_worker
from workflows.documents import SignalPayload
from workflows.messages import SIGNALS, STATE_QUERY, WORKFLOW_TYPE, start_input

TASK_QUEUE = "replay"
ASKED_AT_ONCE = 16
SETTLING_SECONDS = 10.0
HEADROOM = Micros(10 * MINUTE)
SIGNAL_OF = {kind: name for name, kind in SIGNALS.items()}
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ReplayedCase:
    """How an instance ended or stands at the end of the log, on true dates.

    A finished instance is read from its records, an open one answers a query. `execution` is Temporal's status of the
    workflow in lower case, `notices` counts the arrivals of each notice id.
    """

    case: Case
    execution: str
    status: str
    plan: Plan
    ledger: Ledger
    set_aside: int
    notices: dict[str, int]


async def replay(
    cases: Sequence[Case], arrivals: Sequence[Arrival], catalog: Catalog, until: Instant, progress: Progress
) -> list[ReplayedCase]:
    """The outcome of every case, in order, once the server's clock has reached `until`.

    Raises EngineUnavailable when the server cannot be started or breaks off.
    """
    async with await time_skipping() as env:
        first = min(arrival.at for arrival in arrivals)
        now = from_datetime(await env.get_current_time())
        run = _Run(env, Shift(now + HEADROOM - first), catalog)
        try:
            async with run.worker():
                await run.send_all(arrivals, progress)
                await run.reach(until)
                return await run.outcomes(cases)
        except RPCError as error:
            raise EngineUnavailable(f"the test server broke off: {error.message}") from error


class _Run:
    """A server, a worker, and the shift between the log's clock and the server's."""

    def __init__(self, env: WorkflowEnvironment, shift: Shift, catalog: Catalog) -> None:
        self._env = env
        self._shift = shift
        self._projection = CollectingProjection(catalog)
        self._channel = CollectingChannel()

    def worker(self) -> Worker:
        return build_worker(
            self._env.client,
            self._projection,
            [self._channel],
            task_queue=TASK_QUEUE,
            planner=shifted(self._shift),
        )

    async def send_all(self, arrivals: Iterable[Arrival], progress: Progress) -> None:
        for at, group in by_instant(arrivals):
            await self.reach(at)
            in_turn: dict[str, list[Arrival]] = {}
            for arrival in group:
                in_turn.setdefault(arrival.case.instance_id, []).append(arrival)
            await asyncio.gather(*(self._send(turn) for turn in in_turn.values()))
            progress(len(group))

    async def reach(self, at: Instant) -> None:
        """Skip to an instant of the log; milestones on the way fire, for the server waits for those at work."""
        now = from_datetime(await self._env.get_current_time())
        ahead = self._shift.instant(at) - now
        if ahead > 0:
            await self._env.sleep(ahead * MICROSECOND)

    async def _send(self, turn: Iterable[Arrival]) -> None:
        for arrival in turn:
            if arrival.event.kind is EventKind.OPENED:
                await self._open(arrival.case)
            else:
                await self._signal(arrival)

    async def _open(self, case: Case) -> None:
        opened = case.logged.opened
        first = self._shift.plan(plan(case.snapshot, [opened]))
        await self._env.client.start_workflow(
            WORKFLOW_TYPE,
            start_input(case.snapshot, first, self._shift.event(opened)),
            id=_workflow_id(case),
            task_queue=TASK_QUEUE,
        )

    async def _signal(self, arrival: Arrival) -> None:
        """To the running instance, or to a new run that goes on with the recorded past of a finished one."""
        event = self._shift.event(arrival.event)
        await self._env.client.start_workflow(
            WORKFLOW_TYPE,
            {},
            id=_workflow_id(arrival.case),
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal=SIGNAL_OF[event.kind],
            start_signal_args=[_payload(event)],
        )

    async def outcomes(self, cases: Sequence[Case]) -> list[ReplayedCase]:
        few = asyncio.Semaphore(ASKED_AT_ONCE)

        async def outcome(case: Case) -> ReplayedCase:
            async with few:
                return await self._outcome(case)

        return list(await asyncio.gather(*(outcome(case) for case in cases)))

    async def _outcome(self, case: Case) -> ReplayedCase:
        handle = self._env.client.get_workflow_handle(_workflow_id(case))
        execution = await self._settled(handle, closing=case.expected.closed_at is not None)
        if execution is WorkflowExecutionStatus.RUNNING:
            answer = await ask(handle, STATE_QUERY)
            await handle.terminate("the log ends here")
        else:
            answer = await self._projection.load(case.snapshot.organization, case.instance_id)
        back = self._shift.back()
        prefix = f"{case.snapshot.organization}/{case.instance_id}/"
        return ReplayedCase(
            case=case,
            execution=execution.name.lower(),
            status=answer["status"],
            plan=back.plan(Plan.from_json(answer["plan"])),
            ledger=tuple(back.firing(Firing.from_json(firing)) for firing in answer["ledger"]),
            set_aside=answer["set_aside"]["count"],
            notices={key: count for key, count in self._channel.arrived.items() if key.startswith(prefix)},
        )

    async def _settled(self, handle: WorkflowHandle[Any, Any], *, closing: bool) -> WorkflowExecutionStatus:
        """Where the workflow stands once it has completed, or (if it is to stay open) has nothing on its way."""
        deadline = time.monotonic() + SETTLING_SECONDS
        while True:
            status = (await handle.describe()).status
            assert status is not None
            late = time.monotonic() > deadline
            if late or status is not WorkflowExecutionStatus.RUNNING or (not closing and await _idle(handle)):
                return status
            await asyncio.sleep(0.02)


async def _idle(handle: WorkflowHandle[Any, Any]) -> bool:
    state = await ask(handle, STATE_QUERY)
    return not state["undelivered"] and not state["unrecorded"]


def _workflow_id(case: Case) -> str:
    return workflow_id(case.snapshot.organization, case.instance_id)


def _payload(event: Event) -> SignalPayload:
    payload: SignalPayload = {
        "event_id": event.event_id,
        "occurred_at": render(event.occurred_at),
        "source": event.source,
    }
    return {**payload, "cause": event.cause} if event.cause else payload
