"""The steps that a run has sent to the store, read from the requests to its activities and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.instants import parse
from domain.plan.amendments import amended
from domain.plan.plans import Plan
from domain.record.records import Record, first_record
from domain.record.steps import StepContext
from domain.ticket.events import Event
from workflows.calls import APPLY_EVENTS, LACKS_PAST, LOAD, RECORD, TELL
from workflows.packing import unpack
from workflows.state import with_outcome

Document = Mapping[str, Any]
STEP_ACTIVITIES = frozenset({APPLY_EVENTS, TELL, RECORD})
"""The activities that write the steps of a run."""


class SentSteps:
    """Collects steps from requests and answers, which must come in the order of the history."""

    def __init__(self) -> None:
        self.documents: list[Document] = []
        self.loaded: Document | None = None
        self._plan: Plan | None = None
        self._requests: dict[int, tuple[str, Document]] = {}
        self._places: dict[int, int] = {}

    def begin(self, state: Document) -> None:
        """Begin with an input, or with what was loaded.

        That is `{snapshot, plan, opened}` for an instance that begins, else `{plan}` and the `unrecorded` steps of the
        run before.
        """
        if "plan" in state:
            self._plan = Plan.from_json(state["plan"])
        if "opened" in state and self._plan is not None:
            # The first record is the same whoever writes it.
            opened = Event.from_json(state["opened"])
            self.documents.append(first_record(state["snapshot"], self._plan, opened).to_json())
        self.documents += state.get("unrecorded", ())

    def request(self, event_id: int, activity: str, request: Document) -> None:
        if activity == RECORD:
            self.documents += request["records"]
            return
        self._requests[event_id] = activity, request
        if activity == TELL:
            # The step counts from the request on: the answer with its outcome may never come.
            self._places[event_id] = len(self.documents)
            self.documents.append(request["record"])

    def answer(self, event_id: int, answer: Document) -> None:
        activity, request = self._requests.pop(event_id, ("", {}))
        if activity == LOAD:
            self.loaded = answer
            self.begin(unpack(answer["recorded"]) if "recorded" in answer else answer)
        elif activity == TELL:
            step = Record.from_json(request["record"])
            self.documents[self._places[event_id]] = with_outcome(step, request, answer).to_json()
        elif activity == APPLY_EVENTS and LACKS_PAST not in answer:
            self._apply(request, answer)

    def _apply(self, request: Document, answer: Document) -> None:
        before = Plan(parse(answer["plan"]["opened_at"]), ()) if self._plan is None else self._plan
        self._plan = amended(before, answer["plan"])
        events = [Event.from_json(_stamped(event, answer["stamped"])) for event in request["events"]]
        step = StepContext.from_json(request).step(events, self._plan, answer.get("snapshot"))
        self.documents.append(step.to_json())


def _stamped(event: Document, stamped: Mapping[str, str]) -> Document:
    at = stamped.get(event["event_id"])
    return event if at is None else {**event, "occurred_at": at}
