"""Bringing an instance's notices to their receivers.

All that fires in one workflow task is sent by one activity, `tell`, which then records the step. What a channel did not
take then is `deliver`'s: one activity a notice, so that none waits for another's receiver.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from domain.instants import Instant, render
    from domain.record.notices import TYPE_PREFIX, URGENT, step_label
    from domain.record.records import Delivery
    from workflows.calls import AUTO_ESCALATE, BREACH, DELIVER, TELL, WARNING
    from workflows.documents import CoreDocument, DeliverRequest, EscalateRequest, TellRequest
    from workflows.instance.calling import call, cause_of
    from workflows.state.instance_state import LONGEST_SUMMARY, InstanceState
    from workflows.state.steps import Outstanding
    from workflows.visibility import OperatorView


class Deliveries:
    """`start` begins work in the background; `close_step` puts what has changed into the next record, and
    `carry_out` has what escalations order come to pass."""

    def __init__(
        self,
        state: InstanceState,
        view: OperatorView,
        now: Callable[[], Instant],
        start: Callable[[Coroutine[Any, Any, None]], None],
        close_step: Callable[[], None],
        carry_out: Callable[[], None],
    ) -> None:
        self._state = state
        self._view = view
        self._now = now
        self._start = start
        self._close_step = close_step
        self._carry_out = carry_out

    def tell(self, notice_ids: Sequence[str]) -> None:
        """Begin to send notices that have just been made, and have their step recorded.

        A notice that waits for another one goes its own way.
        """
        apart = [id_ for id_ in notice_ids if self._state.waits_for_another(id_)]
        together = [id_ for id_ in notice_ids if id_ not in apart]
        if together:
            self._start(self._tell(self._state.tell(self._now(), together)))
        self.deliver(apart)

    def deliver(self, notice_ids: Iterable[str]) -> None:
        """Begin to send each of the notices for itself, until every channel has taken it or is given up."""
        for notice_id in notice_ids:
            self._start(self._deliver(notice_id))

    async def escalate(self) -> None:
        """Ask whether the organization escalates automatically, and carry out or skip the steps that depend on it."""
        state = self._state
        request: EscalateRequest = {"organization": state.facts.organization, "last_known": state.auto_escalate}
        answer = await call(AUTO_ESCALATE, request)
        state.auto_escalate = answer["auto_escalate"]
        self.tell(state.escalate(self._now()))

    async def _tell(self, request: TellRequest) -> None:
        step = self._state.telling[request["record"]["sequence"]]
        types = sorted({notice["type"] for notice in step.notices})
        answer = await call(TELL, request, summary=_summary(step.notices), priority=_priority(types))
        self._view.learn(answer["attributes"])
        self.deliver(self._state.take_outcome(step, request, answer))
        self._carry_out()
        self._close_step()
        self._view.show(self._state, self._now())

    async def _deliver(self, notice_id: str) -> None:
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
                answer = await call(DELIVER, request, summary=_summary([outstanding.notice]))
            except FailureError as error:
                if is_cancelled_exception(error):
                    raise
                answer = {"deliveries": [_dead(notice_id, error, self._now()).to_json()], "pending": []}
            state.carry(answer.get("outcomes", {}))
            self._carry_out()
            state.settle(notice_id, [Delivery.from_json(delivery) for delivery in answer["deliveries"]])
            if not answer["pending"] and ready is None:
                break
            self._close_step()
        state.delivered(notice_id)
        self._close_step()

    async def _ready_channels(self, withdrawal: Outstanding) -> list[str] | None:
        """The channels that are through with the notice which this one takes back.

        None if every channel may be tried: all are through, or the notice takes back none that is on its way.
        """
        state = self._state
        wrong = state.outstanding.get(withdrawal.withdraws or "")
        if wrong is None:
            return None
        await workflow.wait_condition(
            lambda: (
                wrong.notice["id"] not in state.outstanding or bool(wrong.settled.keys() - withdrawal.settled.keys())
            )
        )
        return sorted(wrong.settled) if wrong.notice["id"] in state.outstanding else None


def _summary(notices: Iterable[CoreDocument]) -> str:
    """The types of the notices, and of escalations what they are called."""
    return ", ".join(sorted({_spoken(notice) for notice in notices}))[:LONGEST_SUMMARY]


def _spoken(notice: CoreDocument) -> str:
    data = notice.get("data", {})
    label = step_label(str(data.get("milestone", "")), data.get("escalation"))
    return str(notice["type"]) if label is None else f"{notice['type']} ({label})"


def _priority(types: Sequence[str]) -> Priority:
    urgent = any(type_.removeprefix(TYPE_PREFIX) in URGENT for type_ in types)
    return BREACH if urgent else WARNING


def _dead(notice_id: str, error: FailureError, now: Instant) -> Delivery:
    return Delivery(notice_id, "*", "dead", now, str(cause_of(error))[:500])
