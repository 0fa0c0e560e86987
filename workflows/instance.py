"""`SlaInstance`: the durable shell. It sleeps to the next milestone, fires it, and asks for a new plan on every event.

It never computes a plan and never reads a clock but Temporal's, so a change of calendar rules or of the time zone
database cannot change the branch it takes on replay.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, cast

from temporalio import workflow
from temporalio.common import Priority, RawValue
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from domain.errors import InvalidValue
    from domain.ids import parse_workflow_id
    from domain.instants import MICROSECOND, Instant, Micros, from_datetime, parse, render
    from domain.plan.amendments import amended
    from domain.policy.snapshot import Facts
    from domain.record.notices import TYPE_PREFIX, URGENT
    from domain.record.records import Record
    from domain.ticket.events import Event
    from workflows import visibility as operators
    from workflows.calling import call, cause_of
    from workflows.calls import (
        APPLY_EVENTS,
        AUTO_ESCALATE,
        BREACH,
        LOAD,
        RECORD,
        TELL,
        WARNING,
    )
    from workflows.deliveries import Deliveries
    from workflows.documents import (
        ApplyAnswer,
        ApplyRequest,
        Document,
        EscalateRequest,
        LoadRequest,
        NewEvents,
        OpeningAnswer,
        RecordRequest,
        RunResult,
        SignalDocument,
        StartInput,
        StateDocument,
        TellRequest,
    )
    from workflows.messages import AFTER, CANCEL, STATE_QUERY, WORKFLOW_TYPE, cancel_id, signal_id
    from workflows.packing import pack, pack_answer, unpack
    from workflows.signals import Refusal, SignalledEvent, read_signal
    from workflows.state import InstanceState

Answer = TypeVar("Answer")

# Longer than an attempt at a notice takes.
HAND_ON_PATIENCE = timedelta(seconds=30)
HANDING_ON = "handing on"
# Where the server begins to warn; it ends a run at five times that.
CROWDED_EVENTS, CROWDED_BYTES = 10_240, 10 * 1024 * 1024
# What the first events are planned from is sent along while it is small: no worker has it yet.
SMALL_PAST = 20


@dataclass(frozen=True, slots=True)
class Timer:
    at: Instant
    task: asyncio.Task[None]


@workflow.defn(name=WORKFLOW_TYPE)
class SlaInstance:
    @workflow.init
    def __init__(self, start: Any = None) -> None:
        self.start = start
        self.state: InstanceState | None = None
        self.arrived: list[SignalledEvent] = []
        self.unsorted_refusals: list[Refusal] = []
        self.signals = 0
        self.attributes = operators.shown_at_start(workflow.info().typed_search_attributes)
        self.known_attributes = list(self.attributes)
        self.applying: asyncio.Task[None] | None = None
        self.has_applied = False
        self.timer: Timer | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.broken: BaseException | None = None
        self.hand_on_by: Instant | None = None

    @workflow.run
    async def run(self, start: Any = None) -> RunResult:  # noqa: ARG002 - taken by __init__, as @workflow.init asks
        opened = await self._despite_cancel(self._open)
        if opened is None:
            return {"status": "untracked"}
        self.state = opened
        self._spawn(self._keep_records())
        self._send(opened, list(opened.outstanding))
        while not await self._despite_cancel(partial(self._turn, opened)):
            pass
        return {"status": opened.status(self._now()).value}

    async def _despite_cancel(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """The work's answer. A cancel request from the Temporal UI means that the ticket is withdrawn: the work begins
        again with that news, so that whatever was on its way still gets applied and recorded."""
        while True:
            try:
                return await work()
            except BaseException as error:
                if not is_cancelled_exception(error):
                    raise
                if task := asyncio.current_task():
                    task.uncancel()
                self._accept(
                    CANCEL,
                    {
                        "event_id": cancel_id(workflow.info().run_id),
                        "source": "temporal",
                        "occurred_at": render(self._now()),
                    },
                )

    @workflow.signal(
        dynamic=True, description="acknowledge, pause, resume, resolve, reopen, cancel, update: docs/signals.md"
    )
    def receive(self, name: str, args: Sequence[RawValue]) -> None:
        self.signals += 1
        self._accept(name, _read_payload(args[0]) if args else None)

    @workflow.query(
        name=STATE_QUERY, description="Plan, milestones fired, ids of the events applied, signals set aside"
    )
    def query_state(self) -> Document:
        if self.state is None:
            opening: OpeningAnswer = {
                "status": "opening",
                "applied": [],
                "set_aside": {"count": len(self.unsorted_refusals), "recent": []},
            }
            return pack_answer(opening)
        return pack_answer(self.state.answer(self._now()))

    def _now(self) -> Instant:
        return from_datetime(workflow.now())

    def _accept(self, name: str, payload: Any) -> None:
        read = self._read(name, payload)
        if isinstance(read, Refusal):
            workflow.logger.warning("signal %s set aside: %s", name, read.problem)
            self.unsorted_refusals.append(read)
        else:
            self.arrived.append(read)

    def _accept_first(self, missed: Sequence[SignalDocument]) -> None:
        """Signals that an earlier run was sent and nothing shows: they came before all that this run was sent."""
        read = [self._read(one["name"], one["payload"]) for one in missed]
        self.arrived[:0] = [one for one in read if isinstance(one, SignalledEvent)]
        self.unsorted_refusals[:0] = [one for one in read if isinstance(one, Refusal)]

    def _read(self, name: str, payload: Any) -> SignalledEvent | Refusal:
        ordinal = self.signals
        return read_signal(name, payload, self._now(), ordinal, mint=lambda: signal_id(workflow.info().run_id, ordinal))

    async def _open(self) -> InstanceState | None:
        """The instance as its input or the store has it; None when no promise applies to its ticket."""
        try:
            organization, instance = parse_workflow_id(workflow.info().workflow_id)
            state = await self._begin(organization, str(instance))
            if state is not None:
                _require_own(state.facts, organization, str(instance))
        except InvalidValue as error:
            raise ApplicationError(error.message, type=error.code, non_retryable=True) from None
        except (AttributeError, KeyError, TypeError, ValueError, zlib.error) as error:
            raise ApplicationError(f"start input is incomplete: {error!r}", non_retryable=True) from None
        return state

    async def _begin(self, organization: str, instance_id: str) -> InstanceState | None:
        start = unpack(self.start if isinstance(self.start, dict) else {}, StartInput)
        if "carried" in start:
            self.attributes = start["attributes"]
            return InstanceState.from_json(unpack(start["carried"], StateDocument))
        if "snapshot" in start:
            recorded = start.get("recorded", False)
            return InstanceState.opening(start["snapshot"], start["plan"], start["opened"], recorded=recorded)
        request: LoadRequest = {
            "organization": organization,
            "instance_id": instance_id,
            "ticket": None if AFTER in start else self.start,
            "started_at": render(from_datetime(workflow.info().start_time)),
            "after": start.get("after"),
        }
        loaded = await call(LOAD, request)
        self._learn(loaded.get("attributes"))
        self._accept_first(loaded.get("missed", ()))
        if "recorded" in loaded:
            return InstanceState.from_json(unpack(loaded["recorded"], StateDocument))
        if "snapshot" in loaded:
            return InstanceState.opening(loaded["snapshot"], loaded["plan"], loaded["opened"], recorded=True)
        return None

    async def _turn(self, state: InstanceState) -> bool:
        """One round: events first, then what is due; true when the instance is over."""
        if self.broken is not None:
            # Not a FailureError: the task fails where operators see it, and goes on once the cause is mended.
            raise RuntimeError("a background duty of the instance broke off") from self.broken
        await self._take_arrivals(state)
        self._tell(state, state.fire(self._now()))
        if state.asks_whether_to_escalate(self._now()):
            await self._escalate(state)
        self._close_step(state)
        self._show(state)
        if state.is_finished() and state.is_settled() and not self._news():
            return True
        if self._hands_on(state):
            following: StartInput = {"carried": pack(state.to_json()), "attributes": self.attributes}
            workflow.continue_as_new(following)
        await self._wait(state)
        return False

    def _tell(self, state: InstanceState, notice_ids: Sequence[str]) -> None:
        """Have what has just fired sent and recorded; what waits for another notice goes its own way."""
        apart = [id_ for id_ in notice_ids if state.waits_for_another(id_)]
        together = [id_ for id_ in notice_ids if id_ not in apart]
        if together:
            asked = state.tell(self._now(), together)
            self._spawn(self._send_together(state, asked))
        self._send(state, apart)

    async def _send_together(self, state: InstanceState, asked: TellRequest) -> None:
        step = state.telling[asked["record"]["sequence"]]
        types = sorted({notice["type"] for notice in step.notices})
        answer = await call(TELL, asked, summary=", ".join(types), priority=_priority(types))
        self._learn(answer["attributes"])
        self._send(state, state.told(step, asked, answer))
        self._close_step(state)
        self._show(state)

    def _hands_on(self, state: InstanceState) -> bool:
        """Whether to continue as new now: what is on its way may land before, so as not to be sent twice."""
        info = workflow.info()
        if not info.is_continue_as_new_suggested():
            self.hand_on_by = None
            return False
        now = self._now()
        if self.hand_on_by is None:
            self.hand_on_by = Instant(now + HAND_ON_PATIENCE // MICROSECOND)
        crowded = info.get_current_history_length() > CROWDED_EVENTS or info.get_current_history_size() > CROWDED_BYTES
        return (state.is_settled() or now >= self.hand_on_by or crowded) and not self._news()

    def _send(self, state: InstanceState, notice_ids: Sequence[str]) -> None:
        for notice_id in notice_ids:
            self._spawn(self._couriers(state).deliver(notice_id))

    async def _escalate(self, state: InstanceState) -> None:
        request: EscalateRequest = {"organization": state.facts.organization, "last_known": state.auto_escalate}
        answer = await call(AUTO_ESCALATE, request)
        state.auto_escalate = answer["auto_escalate"]
        self._tell(state, state.escalate(self._now()))

    def _news(self) -> bool:
        return bool(self.arrived or self.unsorted_refusals or self.broken)

    async def _take_arrivals(self, state: InstanceState) -> None:
        """All that has arrived, planned together, and what arrives meanwhile. A cancel request on the way interrupts
        the wait alone: what is being planned may be recorded already."""
        while self.arrived or self.applying is not None:
            if self.applying is None:
                fresh, refused = state.receive(self.arrived)
                self.arrived.clear()
                self.unsorted_refusals += refused
                if not fresh:
                    continue
                self.applying = asyncio.create_task(self._apply(state, fresh, state.next_sequence()))
            await asyncio.shield(self.applying)
            self.applying = None
        for refusal in self.unsorted_refusals:
            state.refuse(refusal)
        self.unsorted_refusals.clear()

    async def _apply(self, state: InstanceState, fresh: list[SignalledEvent], sequence: int) -> None:
        """Apply new events together; when they cannot be planned, by halves, and what cannot even alone is set aside.

        Either way the step of that sequence is made: its number is taken before others come to pass.
        """
        try:
            await self._apply_together(state, fresh, sequence)
        except FailureError as error:
            if len(fresh) == 1:
                state.refuse_in(sequence, _unplannable(fresh[0].event, error, self._now()), self._now())
                return
            middle = len(fresh) // 2
            await self._apply(state, fresh[:middle], sequence)
            await self._apply(state, fresh[middle:], state.next_sequence())

    async def _apply_together(self, state: InstanceState, fresh: Sequence[SignalledEvent], sequence: int) -> None:
        """One activity plans the events and records the step they make; what it could not record follows."""
        stance = state.stance(sequence, self._now())
        added: NewEvents = {
            "events": [arrival.event.to_json() for arrival in fresh],
            "unstamped": {one.event.event_id: one.unstamped for one in fresh if one.unstamped is not None},
            "signals": self.signals,
            "basis": state.basis,
            "newest": state.sequence,
            "plan_digest": state.plan_digest,
        }
        answer = await self._ask_to_apply(state, cast("ApplyRequest", {**stance.to_json(), **added}))
        self.has_applied = True
        self._learn(answer["attributes"])
        events = [_stamp(one.event, answer["stamped"].get(one.event.event_id)) for one in fresh]
        plan, snapshot = amended(state.plan, answer["plan"]), answer.get("snapshot")
        state.apply(events, plan, answer["plan_digest"], snapshot)
        if not answer["recorded"]:
            state.unrecorded.append(stance.step(events, plan, snapshot))

    async def _ask_to_apply(self, state: InstanceState, request: ApplyRequest) -> ApplyAnswer:
        """The past goes along only where it must: it would be most of every request."""
        if self.has_applied or len(state.events) > SMALL_PAST:
            answer = await call(APPLY_EVENTS, request)
            if "lacks_past" not in answer:
                return answer
        request["past"] = state.past
        answer = await call(APPLY_EVENTS, request)
        if "lacks_past" in answer:
            raise RuntimeError("the events' past was sent along, and yet it is lacking")
        return answer

    def _learn(self, attributes: list[str] | None) -> None:
        """The search attributes that there are."""
        if attributes is not None:
            self.known_attributes = attributes

    async def _wait(self, state: InstanceState) -> None:
        def over() -> bool:
            ends = state.is_finished() or self.hand_on_by is not None
            return self._news() or (ends and state.is_settled())

        upcoming = self._until_something_is_due(state)
        if upcoming is not None and upcoming[0] == 0:
            return
        timer = self._set_timer(upcoming)
        await workflow.wait_condition(lambda: over() or (timer is not None and timer.task.done()))

    def _set_timer(self, upcoming: tuple[Micros, str] | None) -> Timer | None:
        """One that rings at the next milestone; it is kept as long as that has not moved."""
        at = None if upcoming is None else Instant(self._now() + upcoming[0])
        if self.timer is not None and (self.timer.task.done() or self.timer.at != at):
            self.timer.task.cancel()
            self.timer = None
        if upcoming is not None and at is not None and self.timer is None:
            length, summary = upcoming
            self.timer = Timer(at, asyncio.create_task(_ring(length, summary)))
        return self.timer

    def _until_something_is_due(self, state: InstanceState) -> tuple[Micros, str] | None:
        now = self._now()
        upcoming = state.wait(now)
        if self.hand_on_by is None:
            return upcoming
        left = Micros(max(0, self.hand_on_by - now))
        return upcoming if upcoming is not None and upcoming[0] <= left else (left, HANDING_ON)

    async def _keep_records(self) -> None:
        """Write records in order, one call for all that wait."""
        state = self._opened()
        while True:
            await workflow.wait_condition(lambda: bool(state.unrecorded))
            batch = list(state.unrecorded)
            state.recording = len(batch)
            records = [record.to_json() for record in _in_order(batch)]
            request: RecordRequest = {"records": records, "newest": state.sequence}
            answer = await call(RECORD, request)
            del state.unrecorded[: len(batch)]
            state.recording = 0
            self._learn(answer["attributes"])
            self._show(state)

    def _show(self, state: InstanceState) -> None:
        workflow.set_current_details(operators.details(state, self._now()))
        values = operators.attribute_values(state.facts, state.plan, self._now())
        wanted = {name: value for name, value in values.items() if name in self.known_attributes}
        shown = {name: value for name, value in self.attributes.items() if name in wanted}
        if updates := operators.updates(wanted, shown):
            workflow.upsert_search_attributes(updates)
            self.attributes |= wanted

    def _close_step(self, state: InstanceState) -> None:
        """Not while events are being applied: their step has its number already, and what comes behind it must have
        their plan. The turn that waits for them closes what has come together meanwhile."""
        if self.applying is None:
            state.close_step(self._now())

    def _couriers(self, state: InstanceState) -> Deliveries:
        return Deliveries(state, self._now, lambda: self._close_step(state))

    def _opened(self) -> InstanceState:
        assert self.state is not None
        return self.state

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._reap)

    def _reap(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broken = error


async def _ring(length: Micros, summary: str) -> None:
    await workflow.sleep(length * MICROSECOND, summary=summary)


def _priority(types: Sequence[str]) -> Priority:
    urgent = any(type_.removeprefix(TYPE_PREFIX) in URGENT for type_ in types)
    return BREACH if urgent else WARNING


def _in_order(records: Sequence[Record]) -> list[Record]:
    """Each with its plan, unless that is the one of the record before it."""
    ordered = sorted(records, key=lambda record: record.sequence)
    before = ["", *(record.plan_digest for record in ordered)]
    return [
        record.without_plan() if record.plan_digest == digest else record
        for record, digest in zip(ordered, before, strict=False)
    ]


def _require_own(facts: Facts, organization: str, instance_id: str) -> None:
    """An input made by hand must not write another instance's rows."""
    named = f"{facts.organization}/{facts.instance_id}"
    if named != f"{organization}/{instance_id}":
        raise InvalidValue(
            "snapshot.facts", named, f"contradicts the workflow id, which says {organization}/{instance_id}"
        )


def _read_payload(raw: RawValue) -> Any:
    try:
        return workflow.payload_converter().from_payload(raw.payload)
    except Exception:  # noqa: BLE001 - whatever a sender encoded, the handler must not raise
        return "<unreadable payload>"


def _stamp(event: Event, occurred_at: str | None) -> Event:
    return event if occurred_at is None else replace(event, occurred_at=parse(occurred_at))


def _unplannable(event: Event, error: FailureError, now: Instant) -> Refusal:
    problem = f"cannot be planned: {cause_of(error)}"
    return Refusal(event.kind.value, problem[:500], "event_id", event.event_id, now)
