"""Reading the history of a run, without a worker: its input, its signals, its records."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCStatusCode

from domain.instants import Instant, render
from service.temporal.sent_steps import STEP_ACTIVITIES, SentSteps
from service.temporal.statuses import suppress_status
from workflows.calls import LOAD
from workflows.documents import CoreDocument, EarlierRun, LoadAnswer, SignalDocument, StartInput, StateDocument
from workflows.messages import CANCEL, PLANNED, cancel_id, signal_id
from workflows.packing import unpack
from workflows.run_events import instant_of
from workflows.signals import spread

BROKEN_OFF = frozenset(
    {
        WorkflowExecutionStatus.TERMINATED,
        WorkflowExecutionStatus.FAILED,
        WorkflowExecutionStatus.TIMED_OUT,
        WorkflowExecutionStatus.CANCELED,
    }
)
_ENDS = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
    }
)
UNREADABLE = "<unreadable payload>"
_OF_INTEREST = STEP_ACTIVITIES | {LOAD}
# The most runs, one after the other, from which an instance may have had to go on without a record in between.
LONGEST_CHAIN = 20


@dataclass(frozen=True, slots=True)
class SentSignal:
    """A signal, the event id under which the run takes it, and when it reached Temporal."""

    name: str
    payload: Any
    event_id: str
    at: Instant

    def to_json(self) -> SignalDocument:
        """For another run. The payload has the same event id and time."""
        return {"name": self.name, "payload": self._named(), "at": render(self.at)}

    def _named(self) -> Any:
        if self.payload is not None and not isinstance(self.payload, Mapping):
            return self.payload
        given = dict(self.payload or {})
        named = {"event_id": self.event_id, "occurred_at": render(self.at)}
        # Other fields may be null on purpose: a ticket that is assigned to null belongs to nobody.
        return {**given, **{name: value for name, value in named.items() if given.get(name) is None}}


@dataclass(frozen=True, slots=True)
class RunHistory:
    """`continued_from` is the run that continued as this one; `reset_from` is the run of which this one is a reset.

    `records` are the documents of all steps that the run made, oldest first, whether the store has taken them or not.
    Of a run that goes on, those are left out whose notices are being sent.
    """

    run_id: str
    start: StartInput
    started_at: Instant
    continued_from: str | None
    reset_from: str | None
    signals: tuple[SentSignal, ...]
    records: tuple[CoreDocument, ...]
    loaded: LoadAnswer | None = None
    """What the run loaded at its start, if its input did not hold that."""

    @property
    def opening(self) -> StartInput:
        """The beginning of an instance that began with this run, else the run's input."""
        if self.loaded is None or "snapshot" not in self.loaded:
            return self.start
        loaded = self.loaded
        return {"snapshot": loaded["snapshot"], "plan": loaded["plan"], "opened": loaded["opened"]}

    @property
    def after(self) -> str | None:
        """The run after which this one goes on, because that one had ended before the instance was over."""
        return self.start.get("after")

    @property
    def state(self) -> StateDocument | None:
        """The state of the instance with which this run began, None if the instance began with this run."""
        if "carried" in self.start:
            return unpack(self.start["carried"], StateDocument)
        recorded = None if self.loaded is None else self.loaded.get("recorded")
        return None if recorded is None else unpack(recorded, StateDocument)


class RunHistories:
    """Raises RPCError when Temporal does not answer."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, workflow_id: str, run_id: str) -> RunHistory | None:
        """The history of a run, None if it is gone: Temporal deletes it some time after the run has ended."""
        reading = _Reading(self._client, run_id)
        handle = self._client.get_workflow_handle(workflow_id, run_id=run_id)
        with suppress_status(RPCStatusCode.NOT_FOUND):
            async for event in handle.fetch_history_events():
                await reading.take(event)
            history = reading.done()
            if history.reset_from is None:
                return history
            return _named_as_in(history, await self.read(workflow_id, history.reset_from))
        return None

    async def broken_off(self, workflow_id: str) -> str | None:
        """The last run that has ended, unless it completed. Visibility may be a second late."""
        query = f'WorkflowId = "{workflow_id}" AND ExecutionStatus != "Running"'
        # The time-skipping test server has no lists.
        with suppress_status(RPCStatusCode.UNIMPLEMENTED):
            async for found in self._client.list_workflows(query, page_size=1):
                return found.run_id if found.status in BROKEN_OFF else None
        return None

    async def chain(self, workflow_id: str, run_id: str) -> Sequence[RunHistory]:
        """The run and the runs after which it goes on, oldest first."""
        runs: list[RunHistory] = []
        wanted: str | None = run_id
        while wanted is not None and len(runs) < LONGEST_CHAIN:
            run = await self.read(workflow_id, wanted)
            if run is None:
                break
            runs.append(run)
            wanted = run.after
        return runs[::-1]

    async def whole_chain(self, workflow_id: str, run_id: str) -> AsyncIterator[RunHistory]:
        """The run and all runs before it that Temporal still has, newest first."""
        wanted: str | None = run_id
        while wanted is not None and (run := await self.read(workflow_id, wanted)) is not None:
            yield run
            wanted = run.after or run.continued_from or run.reset_from

    async def earlier(self, workflow_id: str, run_id: str) -> EarlierRun:
        """What is left of an instance whose run ended before the instance was over.

        `start` is the input with which the instance began, if its history is still there. `signals` have the ids and
        times under which that run took them, or would have.
        """
        runs = await self.chain(workflow_id, run_id)
        return {
            "start": runs[0].opening if runs else {},
            "started_at": render(runs[0].started_at) if runs else None,
            "records": [record for run in runs for record in run.records],
            "signals": [sent.to_json() for run in runs for sent in run.signals],
        }


class _Reading:
    def __init__(self, client: Client, run_id: str) -> None:
        self._converter = client.data_converter
        self._run_id = run_id
        self._start: StartInput = {}
        self._started_at = Instant(0)
        self._continued_from: str | None = None
        self._reset_from: str | None = None
        self._signals: list[SentSignal] = []
        self._steps = SentSteps()
        self._requests: set[int] = set()
        self._ordinal = 0
        self._has_ended = False

    async def take(self, event: HistoryEvent) -> None:
        self._has_ended = event.event_type in _ENDS
        match event.event_type:
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                await self._take_start(event)
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                await self._take_signal(event)
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
                at = instant_of(event.event_time)
                self._signals.append(SentSignal(CANCEL, {"source": "temporal"}, cancel_id(self._run_id), at))
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                await self._take_request(event)
            case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                completed = event.activity_task_completed_event_attributes
                if completed.scheduled_event_id in self._requests:
                    await self._take_answer(completed.scheduled_event_id, completed.result.payloads)
            case EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                failed = event.workflow_task_failed_event_attributes
                if failed.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW:
                    self._reset_from = failed.base_run_id or None
            case _:
                await self._take_update(event)

    async def _take_start(self, event: HistoryEvent) -> None:
        started = event.workflow_execution_started_event_attributes
        start = await self._decoded(started.input.payloads)
        self._started_at = instant_of(event.event_time)
        self._start = unpack(start if isinstance(start, Mapping) else {}, StartInput)
        self._continued_from = started.continued_execution_run_id or None
        if "carried" in self._start:
            self._steps.go_on(unpack(self._start["carried"], StateDocument))
        else:
            self._steps.begin(self._start)

    async def _take_request(self, event: HistoryEvent) -> None:
        scheduled = event.activity_task_scheduled_event_attributes
        if (name := scheduled.activity_type.name) in _OF_INTEREST:
            self._requests.add(event.event_id)
            self._steps.request(event.event_id, name, unpack(await self._decoded(scheduled.input.payloads)))

    async def _take_update(self, event: HistoryEvent) -> None:
        accepted = event.workflow_execution_update_accepted_event_attributes.accepted_request.input
        if accepted.name == PLANNED:
            self._requests.add(event.event_id)
            self._steps.planned(event.event_id, unpack(await self._decoded(accepted.args.payloads)))
        completed = event.workflow_execution_update_completed_event_attributes
        if completed.accepted_event_id in self._requests and completed.outcome.HasField("success"):
            await self._take_answer(completed.accepted_event_id, completed.outcome.success.payloads)

    async def _take_answer(self, request_id: int, payloads: Sequence[Payload]) -> None:
        self._steps.answer(request_id, unpack(await self._decoded(payloads)))

    def done(self) -> RunHistory:
        return RunHistory(
            self._run_id,
            self._start,
            self._started_at,
            self._continued_from,
            self._reset_from,
            tuple(self._signals),
            tuple(self._steps.documents if self._has_ended else self._steps.of_a_run_that_goes_on),
            self._steps.loaded,
        )

    async def _take_signal(self, event: HistoryEvent) -> None:
        self._ordinal += 1
        signaled = event.workflow_execution_signaled_event_attributes
        payload = await self._decoded(signaled.input.payloads)
        at, minted = instant_of(event.event_time), signal_id(self._run_id, self._ordinal)
        # Several events in one signal count each for itself: a part of them may be recorded.
        for name, one in spread(signaled.signal_name, payload, lambda: minted):
            given = one.get("event_id") if isinstance(one, Mapping) else None
            self._signals.append(SentSignal(name, one, given if isinstance(given, str) and given else minted, at))

    async def _decoded(self, payloads: Sequence[Payload]) -> Any:
        if not payloads:
            return None
        try:
            return (await self._converter.decode(list(payloads)))[0]
        except Exception:  # noqa: BLE001 - whatever a sender encoded
            return UNREADABLE


def _named_as_in(run: RunHistory, base: RunHistory | None) -> RunHistory:
    """The run with the event ids of `base` for the signals that both have.

    A reset run has the signals of the run before in the same order, and then its own.
    """
    if base is None:
        return run
    signals = tuple(
        replace(sent, event_id=before.event_id) if sent.event_id.startswith(run.run_id) else sent
        for sent, before in zip(run.signals, base.signals, strict=False)
    )
    return replace(run, signals=(*signals, *run.signals[len(signals) :]))
