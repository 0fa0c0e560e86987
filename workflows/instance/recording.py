"""Having the steps recorded that no other activity could record."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.instants import Instant
    from domain.record.records import Record
    from workflows.calls import RECORD
    from workflows.documents import RecordRequest
    from workflows.instance.calling import call
    from workflows.state.instance_state import InstanceState
    from workflows.visibility import OperatorView


async def keep_records(state: InstanceState, view: OperatorView, now: Callable[[], Instant]) -> None:
    """Have records written in their order, one call for all that wait, for as long as the run lasts."""
    while True:
        await workflow.wait_condition(lambda: bool(state.unrecorded))
        batch = list(state.unrecorded)
        state.recording = len(batch)
        records = [record.to_json() for record in _in_order(batch)]
        request: RecordRequest = {"records": records, "newest": state.sequence}
        answer = await call(RECORD, request)
        del state.unrecorded[: len(batch)]
        state.recording = 0
        view.learn(answer["attributes"])
        view.show(state, now())


def _in_order(records: Sequence[Record]) -> list[Record]:
    """Each with its plan, unless that is the one of the record before it."""
    ordered = sorted(records, key=lambda record: record.sequence)
    before = ["", *(record.plan_digest for record in ordered)]
    return [
        record.without_plan() if record.plan_digest == digest else record
        for record, digest in zip(ordered, before, strict=False)
    ]
