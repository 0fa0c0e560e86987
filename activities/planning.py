"""`plan`: the pure core behind an activity, so that its answer stands in the history."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from temporalio import activity

from activities.boundary import temporal_errors
from activities.ports import SignalTimes
from domain.events import Event, EventKind
from domain.instants import parse
from domain.planning import plan
from domain.replans import effective
from domain.snapshot import Snapshot
from workflows.calls import PLAN
from workflows.packing import pack, unpack

HISTORY_SECONDS = 1
HISTORY_ATTEMPTS = 3


class Planning:
    def __init__(self, signal_times: SignalTimes) -> None:
        self._signal_times = signal_times

    @activity.defn(name=PLAN)
    async def plan(self, request: dict[str, Any]) -> dict[str, Any]:
        """`{snapshot, events, unstamped: {event id: signal ordinal}}` to `{plan, stamped: {event id: instant}}`.

        With `snapshot`, as it stands from now on, where a replan has changed the rules.
        """
        request = unpack(request)
        with temporal_errors():
            stamped = await self._stamps(request["unstamped"])
            return await asyncio.to_thread(_answer, request, stamped)

    async def _stamps(self, unstamped: dict[str, int]) -> dict[str, str]:
        if not unstamped:
            return {}
        info = activity.info()
        assert info.workflow_id is not None
        assert info.workflow_run_id is not None
        try:
            async with asyncio.timeout(HISTORY_SECONDS):
                times = await self._signal_times(info.workflow_id, info.workflow_run_id, frozenset(unstamped.values()))
        except Exception as error:
            if info.attempt < HISTORY_ATTEMPTS:
                raise
            # Milestones wait for this plan: better a signal that counts from when it was read than a late breach.
            activity.logger.warning("the history does not say when %s were sent: %r", list(unstamped), error)
            return {}
        return {event_id: times[ordinal] for event_id, ordinal in unstamped.items() if ordinal in times}


def _answer(request: dict[str, Any], stamped: dict[str, str]) -> dict[str, Any]:
    events = [_stamp(Event.from_json(event), stamped) for event in request["events"]]
    snapshot = Snapshot.from_json(request["snapshot"])
    answer = {"plan": plan(snapshot, events).to_json(), "stamped": stamped}
    if any(event.kind is EventKind.REPLANNED for event in events):
        answer["snapshot"] = effective(snapshot, events).to_json()
    return pack(answer)


def _stamp(event: Event, stamped: dict[str, str]) -> Event:
    at = stamped.get(event.event_id)
    return event if at is None else replace(event, occurred_at=parse(at))
