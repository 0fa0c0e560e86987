"""What an instance does from its opening to its end: events first, then milestones that are due, then it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.instants import Instant
    from domain.plan.status import InstanceStatus
    from workflows.documents import StartInput, TakenEventDocument
    from workflows.instance.deliveries import Deliveries
    from workflows.instance.intake import Arrivals, Intake
    from workflows.instance.recording import keep_records
    from workflows.instance.siblings import tell_siblings
    from workflows.instance.waiting import Alarm, ContinueAsNew
    from workflows.packing import pack
    from workflows.planned import PlannedEvent
    from workflows.state.instance_state import InstanceState
    from workflows.state.serializing import state_document
    from workflows.visibility import OperatorView


class InstanceLoop:
    """Records are written and notices are sent in the background meanwhile."""

    def __init__(
        self, state: InstanceState, arrivals: Arrivals, view: OperatorView, now: Callable[[], Instant]
    ) -> None:
        self._state = state
        self._arrivals = arrivals
        self._view = view
        self._now = now
        self._intake = Intake(state, arrivals, view, now)
        self._deliveries = Deliveries(state, view, now, self._start, self._close_step, self._carry_out)
        self._alarm = Alarm()
        self._continuing = ContinueAsNew()
        self._background: set[asyncio.Task[None]] = set()
        self._broken: BaseException | None = None
        self._is_over = False

    @property
    def status(self) -> InstanceStatus:
        return self._state.status(self._now())

    def begin(self) -> None:
        """Begin to write records, and go on with the notices that the run before had on their way."""
        self._start(keep_records(self._state, self._view, self._now))
        self._deliveries.deliver(list(self._state.outstanding))

    def problem_with(self, planned: PlannedEvent) -> str | None:
        """Why an event that came with its plan cannot be taken as it is; None if it can. Changes nothing."""
        return "the instance is over" if self._is_over else self._intake.problem_with(planned)

    def take_planned(self, planned: PlannedEvent) -> TakenEventDocument:
        return self._intake.take_planned(planned)

    async def step(self) -> bool:
        """One round; true when the instance is over.

        Raises ContinueAsNewError where another run is to go on, and RuntimeError where work in the background failed.
        """
        state = self._state
        if self._broken is not None:
            # Not a FailureError: the task fails where operators see it, and goes on once the cause is mended.
            raise RuntimeError("a background duty of the instance broke off") from self._broken
        self._intake.has_taken = False
        await self._intake.take_all()
        self._deliveries.tell(state.fire(self._now()))
        if state.asks_whether_to_escalate(self._now()):
            await self._deliveries.escalate()
        self._carry_out()
        self._close_step()
        self._view.show(state, self._now())
        if state.is_finished() and state.is_settled() and not self._has_work():
            self._is_over = True
            return True
        if self._continuing.is_due(self._now(), settled=state.is_settled()) and not self._has_work():
            following: StartInput = {"carried": pack(state_document(state)), "attributes": self._view.shown}
            workflow.continue_as_new(following)
        await self._wait()
        return False

    async def _wait(self) -> None:
        """Until something arrives or is due, or the run can end."""
        now = self._now()
        upcoming = self._continuing.before(now, self._state.next_wake_up(now))
        if upcoming is not None and upcoming[0] == 0:
            return
        self._alarm.set(now, upcoming)
        await workflow.wait_condition(lambda: self._has_work() or self._can_end() or self._alarm.has_rung)

    def _has_work(self) -> bool:
        return bool(self._arrivals or self._intake.has_taken or self._broken)

    def _can_end(self) -> bool:
        return (self._state.is_finished() or self._continuing.is_wanted) and self._state.is_settled()

    def _close_step(self) -> None:
        """Not while events are being applied: their step has its number already, and what comes behind it must have
        their plan. The round that waits for them closes what has come together meanwhile."""
        if not self._intake.is_applying:
            self._state.close_step(self._now())

    def _carry_out(self) -> None:
        """What escalations order comes to pass as any event does, here and in the other instances of the ticket."""
        orders = self._state.orders(self._now())
        self._arrivals.events += orders
        for order in orders:
            self._start(tell_siblings(self._state.facts, order.event))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken = error
