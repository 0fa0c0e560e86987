"""`apply_events`: plans an instance anew with its new events, and records the step that they make.

The plan is made in an activity so that it stands in the history: a replay reads it there (decision 1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from temporalio import activity

from activities.boundary import temporal_errors
from activities.histories import Key, KnownHistories, KnownHistory
from activities.ports import Projection, SearchAttributes, Signals, SignalTimes
from activities.recording import Recorder
from domain.digests import plan_digest
from domain.errors import StoreUnavailable
from domain.instants import parse
from domain.plan.amendments import amendment
from domain.plan.excuses import require_known_targets
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.plan.replans import effective_snapshot
from domain.plan.resets import require_known_clocks
from domain.policy.snapshot import Snapshot
from domain.record.records import Record
from domain.record.steps import StepContext, basis
from domain.ticket.events import Event, EventKind
from workflows.calls import APPLY_EVENTS
from workflows.documents import ApplyAnswer, ApplyRequest, Document, HistoryLacking
from workflows.packing import pack, unpack

HISTORY_SECONDS = 1
HISTORY_ATTEMPTS = 3
STORE_SECONDS = 1
# Over fewer events the walk takes less time than a thread costs.
FEW = 50


Planner = Callable[[Snapshot, Sequence[Event]], Plan]
"""Raises as `domain.plan.planning.plan` does."""


@dataclass(frozen=True, slots=True)
class _Applied:
    """The history with the new events, and the step that they make."""

    history: KnownHistory
    step: Record


class Applying:
    def __init__(
        self,
        projection: Projection,
        recorder: Recorder,
        signal_times: SignalTimes,
        search_attributes: SearchAttributes,
        known: KnownHistories,
        planner: Planner = plan,
    ) -> None:
        self._projection = projection
        self._recorder = recorder
        self._signal_times = signal_times
        self._search_attributes = search_attributes
        self._known = known
        self._planner = planner

    @activity.defn(name=APPLY_EVENTS)
    async def apply_events(self, packed: Document) -> Document:
        """An `ApplyRequest` to an `ApplyAnswer`.

        The answer is a `HistoryLacking` where neither this worker nor the store has what the events are added to.

        A store that is away keeps nobody waiting: the answer says then that the step is not recorded, and the workflow
        has it recorded later.
        """
        request = unpack(packed, ApplyRequest)
        with temporal_errors():
            context = StepContext.from_json(request)
            key = (context.organization, context.instance_id)
            before = await self._history(key, request)
            if before is None:
                return dict(HistoryLacking(lacks_history=True))
            stamped = await self._stamps(request)
            events = [_stamp(Event.from_json(event), stamped) for event in request["events"]]
            applied = await self._apply(before, events, context)
            recorded = await self._recorder.try_to_record(applied.step, STORE_SECONDS)
            self._known.keep(key, applied.history)
        plan_before = before.plan if before.plan_digest == request["plan_digest"] else None
        assert applied.history.plan is not None
        answer: ApplyAnswer = {
            "plan": amendment(plan_before, applied.history.plan),
            "plan_digest": applied.history.plan_digest,
            "stamped": stamped,
            "recorded": recorded,
            "attributes": self._search_attributes(),
        }
        if applied.step.snapshot is not None:
            answer["snapshot"] = applied.step.snapshot
        return pack(answer)

    async def _history(self, key: Key, request: ApplyRequest) -> KnownHistory | None:
        """What the events are added to: kept from the last time, sent along, or recorded. None for any other one."""
        if (kept := self._known.get(key, request["basis"])) is not None:
            return kept
        if (sent := request.get("history")) is not None:
            return KnownHistory.from_json(sent)
        try:
            async with asyncio.timeout(STORE_SECONDS):
                loaded = await self._projection.load(*key)
        except (StoreUnavailable, TimeoutError):
            return None
        if loaded is None or loaded["snapshot"] is None:
            return None
        found = KnownHistory.from_json({"snapshot": loaded["snapshot"], "events": loaded["events"]})
        if found.basis != request["basis"]:
            return None
        return replace(found, plan=Plan.from_json(loaded["plan"]), plan_digest=plan_digest(loaded["plan"]))

    async def _apply(self, before: KnownHistory, events: Sequence[Event], context: StepContext) -> _Applied:
        if len(before.events) < FEW:
            return _applied(self._planner, before, events, context)
        return await asyncio.to_thread(_applied, self._planner, before, events, context)

    async def _stamps(self, request: ApplyRequest) -> dict[str, str]:
        """When the signals that bear no time reached Temporal, by event id, as far as the history can be read."""
        unstamped = request["unstamped"]
        if not unstamped:
            return {}
        info = activity.info()
        assert info.workflow_id is not None
        assert info.workflow_run_id is not None
        signals = Signals(info.workflow_id, info.workflow_run_id, info.activity_id, request["signals"])
        try:
            async with asyncio.timeout(HISTORY_SECONDS):
                times = await self._signal_times(signals, frozenset(unstamped.values()))
        except Exception as error:
            if info.attempt < HISTORY_ATTEMPTS:
                raise
            # Milestones wait for this plan: better a signal that counts from when it was read than a late breach.
            activity.logger.warning("the history does not say when %s were sent: %r", list(unstamped), error)
            return {}
        return {event_id: times[ordinal] for event_id, ordinal in unstamped.items() if ordinal in times}


def _applied(planner: Planner, before: KnownHistory, events: Sequence[Event], context: StepContext) -> _Applied:
    """Raises as the planner does, and InvalidValue for an excuse or a reset of a target that the ticket cannot have."""
    every = (*before.events, *events)
    planned = planner(before.snapshot, every)
    require_known_targets(before.snapshot, planned, events)
    require_known_clocks(before.snapshot, planned, events)
    document = before.document
    if any(event.kind is EventKind.REPLANNED for event in events):
        document = effective_snapshot(before.snapshot, every).to_json()
    changed = None if document == before.document else document
    step = context.step(events, planned, changed)
    snapshot = before.snapshot if changed is None else Snapshot.from_json(document)
    history = KnownHistory(document, snapshot, every, basis(events, before.basis), planned, step.plan_digest)
    return _Applied(history, step)


def _stamp(event: Event, stamped: Mapping[str, str]) -> Event:
    at = stamped.get(event.event_id)
    return event if at is None else replace(event, occurred_at=parse(at))
