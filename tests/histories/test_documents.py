"""Documents in recorded histories have the keys that workflows/documents.py says: the type checker believes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NotRequired, get_origin, get_type_hints

import pytest
from temporalio.api.common.v1 import Payloads
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter

from workflows import documents as shapes
from workflows.calls import APPLY_EVENTS, AUTO_ESCALATE, DELIVER, LOAD, RECORD, TELL
from workflows.packing import unpack

HISTORIES = sorted(Path(__file__).with_name("histories").glob("*.json"))
ASKED: Mapping[str, Any] = {
    LOAD: shapes.LoadRequest,
    APPLY_EVENTS: shapes.ApplyRequest,
    TELL: shapes.TellRequest,
    RECORD: shapes.RecordRequest,
    DELIVER: shapes.DeliverRequest,
    AUTO_ESCALATE: shapes.EscalateRequest,
}
ANSWERED: Mapping[str, Any] = {
    LOAD: shapes.LoadAnswer,
    APPLY_EVENTS: shapes.ApplyAnswer,
    TELL: shapes.TellAnswer,
    RECORD: shapes.RecordAnswer,
    DELIVER: shapes.DeliverAnswer,
    AUTO_ESCALATE: shapes.EscalateAnswer,
}


class Found(NamedTuple):
    where: str
    shape: Any
    document: Mapping[str, Any]


def decoded(payloads: Payloads) -> Any:
    (value,) = pydantic_data_converter.payload_converter.from_payloads(payloads.payloads)
    return unpack(value)


def found(path: Path) -> Iterator[Found]:
    names: dict[int, str] = {}
    for event in WorkflowHistory.from_json(path.stem, path.read_text()).events:
        if event.HasField("workflow_execution_started_event_attributes"):
            start = decoded(event.workflow_execution_started_event_attributes.input)
            yield Found("start input", shapes.StartInput, start)
        elif event.HasField("workflow_execution_continued_as_new_event_attributes"):
            start = decoded(event.workflow_execution_continued_as_new_event_attributes.input)
            yield Found("input of the next run", shapes.StartInput, start)
            yield Found("carried state", shapes.StateDocument, unpack(start["carried"]))
        elif event.HasField("activity_task_scheduled_event_attributes"):
            scheduled = event.activity_task_scheduled_event_attributes
            names[event.event_id] = name = scheduled.activity_type.name
            yield Found(f"request of {name}", ASKED[name], decoded(scheduled.input))
        elif event.HasField("activity_task_completed_event_attributes"):
            completed = event.activity_task_completed_event_attributes
            name = names[completed.scheduled_event_id]
            yield Found(f"answer of {name}", ANSWERED[name], decoded(completed.result))


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_every_document_of_a_history_has_the_keys_of_its_shape(path: Path) -> None:
    for where, shape, document in found(path):
        if shape is shapes.ApplyAnswer and "lacks_history" in document:
            shape = shapes.HistoryLacking  # noqa: PLW2901 - the one answer with two shapes
        hints = get_type_hints(shape, include_extras=True)
        needed = {name for name, hint in hints.items() if shape.__total__ and get_origin(hint) is not NotRequired}
        assert needed - document.keys() == set(), f"{where} lacks keys"
        assert document.keys() - hints.keys() == set(), f"{where} has keys that its shape has not"


def test_the_histories_hold_the_documents_that_most_instances_need() -> None:
    places = {one.where for path in HISTORIES for one in found(path)}
    activities = (LOAD, APPLY_EVENTS, TELL, RECORD)
    of_activities = {f"{what} of {name}" for name in activities for what in ("request", "answer")}
    assert {"start input", "carried state", *of_activities} <= places
