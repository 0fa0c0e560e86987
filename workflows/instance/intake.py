"""Signals on their way into an instance: read as they arrive, then planned together by an activity, and applied."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from domain.instants import Instant, parse
    from domain.plan.amendments import amended
    from domain.ticket.events import Event
    from workflows.calls import APPLY_EVENTS
    from workflows.documents import ApplyAnswer, ApplyRequest, NewEvents, SignalDocument, TakenEventDocument
    from workflows.instance.calling import call, cause_of
    from workflows.messages import signal_id
    from workflows.planned import PlannedEvent
    from workflows.signals import Refusal, SignalledEvent, read_signal, spread
    from workflows.state.instance_state import InstanceState
    from workflows.visibility import OperatorView

# What the first events are planned from is sent along while it is small: no worker has it yet.
SMALL_HISTORY = 20


class Arrivals:
    """The signals that have arrived and are not in the state yet; `count` is how many the run has been sent."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        self.events: list[SignalledEvent] = []
        self.refusals: list[Refusal] = []
        self.count = 0
        self._now = now

    def __bool__(self) -> bool:
        return bool(self.events or self.refusals)

    def take(self, name: str, payload: Any) -> None:
        """The events of one signal come at once, so that they are planned together."""
        for one, given in spread(name, payload, self._mint):
            read = self._read(one, given)
            if isinstance(read, Refusal):
                workflow.logger.warning("signal %s set aside: %s", one, read.problem)
                self.refusals.append(read)
            else:
                self.events.append(read)

    def put_first(self, missed: Sequence[SignalDocument]) -> None:
        """Signals that an earlier run was sent and nothing shows: they came before all that this run was sent."""
        read = [self._read(one["name"], one["payload"]) for one in missed]
        self.events[:0] = [one for one in read if isinstance(one, SignalledEvent)]
        self.refusals[:0] = [one for one in read if isinstance(one, Refusal)]

    def _read(self, name: str, payload: Any) -> SignalledEvent | Refusal:
        return read_signal(name, payload, self._now(), self.count, mint=self._mint)

    def _mint(self) -> str:
        return signal_id(workflow.info().run_id, self.count)


class Intake:
    """Takes what has arrived into the state."""

    def __init__(
        self, state: InstanceState, arrivals: Arrivals, view: OperatorView, now: Callable[[], Instant]
    ) -> None:
        self._state = state
        self._arrivals = arrivals
        self._view = view
        self._now = now
        self._applying: asyncio.Task[None] | None = None
        self._has_applied = False
        # An event that came with its plan has changed the state since this was last set back.
        self.has_taken = False

    @property
    def is_applying(self) -> bool:
        """Whether events are being planned: their step has its number then, and is not made yet."""
        return self._applying is not None

    def problem_with(self, planned: PlannedEvent) -> str | None:
        """Why an event that came with its plan cannot be taken as it is; None if it can. Changes nothing."""
        state = self._state
        if self._arrivals or self._applying is not None:
            return "other events are being taken"
        if (planned.basis, planned.before) != (state.basis, state.plan_digest):
            return "it was planned from other events than the instance has"
        fresh, refused = state.receive([SignalledEvent(planned.event)])
        if refused or [one.event for one in fresh] != [planned.event]:
            return "the event is not new, is too large, or was received before those that came before it"
        return planned.problem(state.plan, self._now())

    def take_planned(self, planned: PlannedEvent) -> TakenEventDocument:
        """Take in an event that came with its plan; what its sender records its step from."""
        state = self._state
        state.entrusted.forget(planned.recorded)
        context = state.apply_planned(
            planned.event, amended(state.plan, planned.plan), planned.plan_digest, self._now()
        )
        # A sender that could not ask for them names none.
        self._view.learn(planned.attributes or None)
        self.has_taken = True
        taken: Any = {
            **context.to_json(),
            "event": planned.event.to_json(),
            "basis": planned.basis,
            "plan_digest": planned.plan_digest,
            "newest": state.sequence,
        }
        return cast("TakenEventDocument", taken)

    async def take_all(self) -> None:
        """Take in all that has arrived, planned together, and what arrives meanwhile.

        A cancel request on the way interrupts the wait alone: what is being planned may be recorded already.
        """
        arrivals, state = self._arrivals, self._state
        while arrivals.events or self._applying is not None:
            if self._applying is None:
                fresh, refused = state.receive(arrivals.events)
                # An event that came with its plan comes again as a signal if its step could not be recorded.
                state.record_again([arrival.event.event_id for arrival in arrivals.events])
                arrivals.events.clear()
                arrivals.refusals += refused
                if not fresh:
                    continue
                self._applying = asyncio.create_task(self._apply(fresh, state.next_sequence()))
            await asyncio.shield(self._applying)
            self._applying = None
        for refusal in arrivals.refusals:
            state.refuse(refusal)
        arrivals.refusals.clear()

    async def _apply(self, fresh: list[SignalledEvent], sequence: int) -> None:
        """Apply new events together; if they cannot be planned, apply each half of them; set aside a single one.

        The step of that sequence is made in any case, for its number is taken before others come to pass.
        """
        try:
            await self._apply_together(fresh, sequence)
        except FailureError as error:
            if len(fresh) == 1:
                self._state.refuse_in(sequence, _unplannable(fresh[0].event, error, self._now()), self._now())
                return
            middle = len(fresh) // 2
            await self._apply(fresh[:middle], sequence)
            await self._apply(fresh[middle:], self._state.next_sequence())

    async def _apply_together(self, fresh: Sequence[SignalledEvent], sequence: int) -> None:
        """One activity plans the events and records the step they make. What it could not record is recorded later."""
        state = self._state
        context = state.step_context(sequence, self._now())
        added: NewEvents = {
            "events": [arrival.event.to_json() for arrival in fresh],
            "unstamped": {one.event.event_id: one.unstamped for one in fresh if one.unstamped is not None},
            "signals": self._arrivals.count,
            "basis": state.basis,
            "newest": state.sequence,
            "plan_digest": state.plan_digest,
        }
        answer = await self._ask(cast("ApplyRequest", {**context.to_json(), **added}))
        self._has_applied = True
        self._view.learn(answer["attributes"])
        events = [_stamp(one.event, answer["stamped"].get(one.event.event_id)) for one in fresh]
        plan, snapshot = amended(state.plan, answer["plan"]), answer.get("snapshot")
        state.apply(events, plan, answer["plan_digest"], snapshot)
        state.said_ongoing.note(sequence, context.says_ongoing(plan))
        if not answer["recorded"]:
            state.unrecorded.append(context.step(events, plan, snapshot))

    async def _ask(self, request: ApplyRequest) -> ApplyAnswer:
        """The history goes along only where it must: it would be most of every request."""
        if self._has_applied or len(self._state.events) > SMALL_HISTORY:
            answer = await call(APPLY_EVENTS, request)
            if "lacks_history" not in answer:
                return answer
        request["history"] = self._state.history
        answer = await call(APPLY_EVENTS, request)
        if "lacks_history" in answer:
            raise RuntimeError("the activity was sent the history of the events, and says that it lacks it")
        return answer


def _stamp(event: Event, occurred_at: str | None) -> Event:
    return event if occurred_at is None else replace(event, occurred_at=parse(occurred_at))


def _unplannable(event: Event, error: FailureError, now: Instant) -> Refusal:
    problem = f"cannot be planned: {cause_of(error)}"
    return Refusal(event.kind.value, problem[:500], "event_id", event.event_id, now)
