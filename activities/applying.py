"""`apply_events`: plans an instance anew with its new events, and records the step that they make.

The plan is made in an activity so that it stands in the history: a replay reads it there (decision 1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from temporalio import activity

from activities.boundary import temporal_errors
from activities.ports import Projection, SearchAttributes, Signals, SignalTimes
from activities.recording import Recorder
from domain.digests import plan_digest
from domain.errors import StoreUnavailable
from domain.instants import parse
from domain.plan.amendments import amendment
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.record.histories import FEW, Applied, Key, KnownHistories, KnownHistory, Planner
from domain.record.steps import StepContext
from domain.ticket.events import Event
from workflows.calls import APPLY_EVENTS
from workflows.documents import ApplyAnswer, ApplyRequest, Document, HistoryLacking
from workflows.packing import pack, unpack

HISTORY_SECONDS = 1
HISTORY_ATTEMPTS = 3
STORE_SECONDS = 1


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
            applied = await self._apply(before, events)
            recorded = await self._recorder.try_to_record(applied.step(context), STORE_SECONDS)
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
        if applied.changed is not None:
            answer["snapshot"] = applied.changed
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

    async def _apply(self, before: KnownHistory, events: Sequence[Event]) -> Applied:
        if len(before.events) < FEW:
            return before.with_events(events, self._planner)
        return await asyncio.to_thread(before.with_events, events, self._planner)

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


def _stamp(event: Event, stamped: Mapping[str, str]) -> Event:
    at = stamped.get(event.event_id)
    return event if at is None else replace(event, occurred_at=parse(at))
