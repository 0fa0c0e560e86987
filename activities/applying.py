"""`apply_events`: the pure core behind an activity, so that its answer stands in the history, and the step it makes."""

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
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.plan.replans import effective_snapshot
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
# A thread costs more than the walk over fewer events does.
FEW = 50


Planner = Callable[[Snapshot, Sequence[Event]], Plan]
"""Raises as `domain.plan.planning.plan` does."""


@dataclass(frozen=True, slots=True)
class _Applied:
    """The past with the new events, and the step that they make."""

    past: KnownHistory
    step: Record


class Applying:
    def __init__(
        self,
        projection: Projection,
        recorder: Recorder,
        signal_times: SignalTimes,
        search_attributes: SearchAttributes,
        pasts: KnownHistories,
        planner: Planner = plan,
    ) -> None:
        self._projection = projection
        self._recorder = recorder
        self._signal_times = signal_times
        self._search_attributes = search_attributes
        self._pasts = pasts
        self._planner = planner

    @activity.defn(name=APPLY_EVENTS)
    async def apply_events(self, packed: Document) -> Document:
        """`{stance, events, unstamped: {event id: signal ordinal}, signals, basis, plan_digest, past}` to `{plan,
        plan_digest, snapshot, stamped: {event id: instant}, recorded, attributes}`, or `{lacks_past}`.

        `past` (`{snapshot, events}`) may be left out: whoever has planned the instance last, or the store, has it, and
        `basis` tells whether that is all of it. `plan` is an amendment of the one with `plan_digest`, `snapshot` is
        there where a replan has changed the rules. A store that is away keeps nobody waiting: not `recorded`, the step
        is the workflow's to have written.
        """
        request = unpack(packed, ApplyRequest)
        with temporal_errors():
            stance = StepContext.from_json(request)
            key = (stance.organization, stance.instance_id)
            past = await self._past(key, request)
            if past is None:
                return dict(HistoryLacking(lacks_past=True))
            stamped = await self._stamps(request)
            events = [_stamp(Event.from_json(event), stamped) for event in request["events"]]
            applied = await self._apply(past, events, stance)
            recorded = await self._recorder.try_to_record(applied.step, STORE_SECONDS)
            self._pasts.keep(key, applied.past)
        before = past.plan if past.plan_digest == request["plan_digest"] else None
        assert applied.past.plan is not None
        answer: ApplyAnswer = {
            "plan": amendment(before, applied.past.plan),
            "plan_digest": applied.past.plan_digest,
            "stamped": stamped,
            "recorded": recorded,
            "attributes": self._search_attributes(),
        }
        if applied.step.snapshot is not None:
            answer["snapshot"] = applied.step.snapshot
        return pack(answer)

    async def _past(self, key: Key, request: ApplyRequest) -> KnownHistory | None:
        if (kept := self._pasts.get(key, request["basis"])) is not None:
            return kept
        if (sent := request.get("past")) is not None:
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

    async def _apply(self, past: KnownHistory, events: Sequence[Event], stance: StepContext) -> _Applied:
        if len(past.events) < FEW:
            return _applied(self._planner, past, events, stance)
        return await asyncio.to_thread(_applied, self._planner, past, events, stance)

    async def _stamps(self, request: ApplyRequest) -> dict[str, str]:
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


def _applied(planner: Planner, past: KnownHistory, events: Sequence[Event], stance: StepContext) -> _Applied:
    """Raises as the planner does."""
    every = (*past.events, *events)
    planned = planner(past.snapshot, every)
    document = past.document
    if any(event.kind is EventKind.REPLANNED for event in events):
        document = effective_snapshot(past.snapshot, every).to_json()
    changed = None if document == past.document else document
    step = stance.step(events, planned, changed)
    snapshot = past.snapshot if changed is None else Snapshot.from_json(document)
    return _Applied(KnownHistory(document, snapshot, every, basis(events, past.basis), planned, step.plan_digest), step)


def _stamp(event: Event, stamped: Mapping[str, str]) -> Event:
    at = stamped.get(event.event_id)
    return event if at is None else replace(event, occurred_at=parse(at))
