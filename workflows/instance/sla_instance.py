"""`SlaInstance`: the durable shell. It sleeps to the next milestone, fires it, and asks for a new plan on every event.

It never computes a plan and never reads a clock but Temporal's. So a change of calendar rules or of the time zone
database cannot change the branch that it takes on replay.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from domain.errors import InvalidValue
    from domain.instants import Instant, from_datetime, render
    from workflows.documents import Document, OpeningAnswer, RunResult, SignalPayload
    from workflows.instance.intake import Arrivals
    from workflows.instance.loop import InstanceLoop
    from workflows.instance.opening import given_instance, open_instance
    from workflows.messages import CANCEL, NOT_TAKEN, PLANNED, STATE_QUERY, WORKFLOW_TYPE, cancel_id
    from workflows.packing import pack, pack_answer, unpack
    from workflows.planned import PlannedEvent
    from workflows.state.instance_state import InstanceState
    from workflows.state.serializing import state_answer
    from workflows.visibility import OperatorView

Answer = TypeVar("Answer")


@workflow.defn(name=WORKFLOW_TYPE)
class SlaInstance:
    @workflow.init
    def __init__(self, start: Any = None) -> None:
        self._given = start
        self._state: InstanceState | None = None
        self._loop: InstanceLoop | None = None
        self._arrivals = Arrivals(_now)
        self._view = OperatorView(workflow.info().typed_search_attributes)
        # An event with its plan may come together with the start, and is taken before `run` is called.
        if (state := given_instance(start, self._view)) is not None:
            self._be(state)

    @workflow.run
    async def run(self, start: Any = None) -> RunResult:  # noqa: ARG002 - taken by __init__, as @workflow.init asks
        loop = self._loop
        if loop is None:
            opened = await self._despite_cancel(lambda: open_instance(self._given, self._arrivals, self._view))
            if opened is None:
                return {"status": "untracked"}
            loop = self._be(opened)
        loop.begin()
        while not await self._despite_cancel(loop.step):
            pass
        return {"status": loop.status.value}

    def _be(self, state: InstanceState) -> InstanceLoop:
        self._state = state
        self._loop = InstanceLoop(state, self._arrivals, self._view, _now)
        return self._loop

    @workflow.signal(
        dynamic=True, description="acknowledge, pause, resume, resolve, reopen, cancel, update, events: docs/signals.md"
    )
    def receive(self, name: str, args: Sequence[RawValue]) -> None:
        self._arrivals.count += 1
        self._arrivals.take(name, _read_payload(args[0]) if args else None)

    @workflow.update(name=PLANNED, description="An event together with its plan; ticket systems send signals instead")
    def take_planned(self, packed: Document) -> Document:
        assert self._loop is not None, "the validator lets nothing through before"
        return pack(self._loop.take_planned(PlannedEvent.from_json(unpack(packed))))

    @take_planned.validator
    def require_takeable(self, packed: Document) -> None:
        """Whoever is turned away here sends a signal, which is never turned away."""
        try:
            planned = PlannedEvent.from_json(unpack(packed))
        except (AttributeError, KeyError, TypeError, ValueError, zlib.error, InvalidValue) as error:
            raise ApplicationError(f"cannot be read: {error!r}", type=NOT_TAKEN, non_retryable=True) from None
        problem = "the instance is being opened" if self._loop is None else self._loop.problem_with(planned)
        if problem is not None:
            raise ApplicationError(problem, type=NOT_TAKEN, non_retryable=True)

    @workflow.query(
        name=STATE_QUERY, description="Plan, milestones fired, ids of the events applied, signals set aside"
    )
    def query_state(self) -> Document:
        if self._state is None:
            count = len(self._arrivals.refusals)
            opening: OpeningAnswer = {
                "status": "opening",
                "applied": [],
                "set_aside": {"count": count, "recent": []},
            }
            return pack_answer(opening)
        return pack_answer(state_answer(self._state, _now()))

    async def _despite_cancel(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """The work's answer. A cancel request from the Temporal UI means that the ticket is withdrawn: it is taken as
        the signal `cancel`, and the work begins again, so that whatever was on its way still gets applied and
        recorded."""
        while True:
            try:
                return await work()
            except BaseException as error:
                if not is_cancelled_exception(error):
                    raise
                if task := asyncio.current_task():
                    task.uncancel()
                cancel: SignalPayload = {
                    "event_id": cancel_id(workflow.info().run_id),
                    "source": "temporal",
                    "occurred_at": render(_now()),
                }
                self._arrivals.take(CANCEL, cancel)


def _now() -> Instant:
    return from_datetime(workflow.now())


def _read_payload(raw: RawValue) -> Any:
    try:
        return workflow.payload_converter().from_payload(raw.payload)
    except Exception:  # noqa: BLE001 - whatever a sender encoded, the handler must not raise
        return "<unreadable payload>"
