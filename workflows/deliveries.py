"""Bringing an instance's notices to their receivers: one duty a notice, none waiting for another's receiver."""

from __future__ import annotations

from collections.abc import Callable

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from domain.instants import Instant, render
    from domain.record.records import Delivery
    from workflows.calling import call, cause_of
    from workflows.calls import DELIVER
    from workflows.documents import DeliverRequest
    from workflows.state import InstanceState, Outstanding


class Deliveries:
    def __init__(self, state: InstanceState, now: Callable[[], Instant], close_step: Callable[[], None]) -> None:
        self._state = state
        self._now = now
        self._close_step = close_step

    async def deliver(self, notice_id: str) -> None:
        state = self._state
        outstanding = state.outstanding[notice_id]
        while True:
            ready = await self._ready_channels(outstanding)
            outstanding.since = outstanding.since or self._now()
            request: DeliverRequest = {
                "notice": outstanding.notice,
                "settled": sorted(outstanding.settled),
                "only": ready,
                "since": render(outstanding.since),
            }
            try:
                answer = await call(DELIVER, request, summary=outstanding.notice["type"])
            except FailureError as error:
                if is_cancelled_exception(error):
                    raise
                answer = {"deliveries": [_dead(notice_id, error, self._now()).to_json()], "pending": []}
            state.settle(notice_id, [Delivery.from_json(delivery) for delivery in answer["deliveries"]])
            if not answer["pending"] and ready is None:
                break
            self._close_step()
        state.delivered(notice_id)
        self._close_step()

    async def _ready_channels(self, withdrawal: Outstanding) -> list[str] | None:
        """The channels that have settled the notice which this one takes back; None once all have, or for any other."""
        state = self._state
        wrong = state.outstanding.get(withdrawal.notice["data"]["withdraws"])
        if wrong is None:
            return None
        await workflow.wait_condition(
            lambda: (
                wrong.notice["id"] not in state.outstanding or bool(wrong.settled.keys() - withdrawal.settled.keys())
            )
        )
        return sorted(wrong.settled) if wrong.notice["id"] in state.outstanding else None


def _dead(notice_id: str, error: FailureError, now: Instant) -> Delivery:
    return Delivery(notice_id, "*", "dead", now, str(cause_of(error))[:500])
