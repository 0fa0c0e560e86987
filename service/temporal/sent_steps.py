"""The steps that a run has made, read from the requests to its activities and their answers, and from its updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from domain.instants import parse
from domain.plan.amendments import amended
from domain.plan.plans import Plan
from domain.record.records import Record, first_record
from domain.record.steps import StepContext
from domain.ticket.events import Event
from workflows.calls import APPLY_EVENTS, LOAD, RECORD, TELL
from workflows.documents import (
    ApplyAnswer,
    ApplyRequest,
    CoreDocument,
    Document,
    LoadAnswer,
    PlannedEventDocument,
    RecordRequest,
    StartInput,
    StateDocument,
    TakenEventDocument,
    TellAnswer,
    TellRequest,
)
from workflows.messages import PLANNED
from workflows.packing import unpack
from workflows.state.steps import with_outcome

STEP_ACTIVITIES: frozenset[str] = frozenset({APPLY_EVENTS, TELL, RECORD})
"""The activities that write the steps of a run."""


class SentSteps:
    """Collects steps from requests and answers, which must come in the order of the history."""

    def __init__(self) -> None:
        self.documents: list[CoreDocument] = []
        self.loaded: LoadAnswer | None = None
        self._plan: Plan | None = None
        self._requests: dict[int, tuple[str, Document]] = {}
        self._places: dict[int, int] = {}

    @property
    def of_a_run_that_goes_on(self) -> Sequence[CoreDocument]:
        """Without the steps whose notices are being sent: whoever sends them records them, and how they fared."""
        on_their_way = {self._places[id_] for id_ in self._requests if id_ in self._places}
        return [document for place, document in enumerate(self.documents) if place not in on_their_way]

    def begin(self, start: StartInput | LoadAnswer) -> None:
        """Begin with the input, or with what was loaded; it may hold no beginning of an instance."""
        if "plan" in start and "opened" in start:
            self._plan = Plan.from_json(start["plan"])
            # The first record is the same whoever writes it.
            opened = Event.from_json(start["opened"])
            self.documents.append(first_record(start["snapshot"], self._plan, opened).to_json())

    def go_on(self, state: StateDocument) -> None:
        """Begin with what the run before has carried over, or the store has recorded."""
        self._plan = Plan.from_json(state["plan"])
        self.documents += state.get("unrecorded", ())

    def request(self, event_id: int, activity: str, request: Document) -> None:
        if activity == RECORD:
            self.documents += cast("RecordRequest", request)["records"]
            return
        self._requests[event_id] = activity, request
        if activity == TELL:
            # The step counts from the request on: the answer with its outcome may never come.
            self._places[event_id] = len(self.documents)
            self.documents.append(cast("TellRequest", request)["record"])

    def answer(self, event_id: int, answer: Document) -> None:
        activity, request = self._requests.pop(event_id, ("", {}))
        if activity == LOAD:
            self.loaded = loaded = cast("LoadAnswer", answer)
            if "recorded" in loaded:
                self.go_on(unpack(loaded["recorded"], StateDocument))
            else:
                self.begin(loaded)
        elif activity == TELL:
            tell = cast("TellRequest", request)
            step = with_outcome(Record.from_json(tell["record"]), tell, cast("TellAnswer", answer))
            self.documents[self._places[event_id]] = step.to_json()
        elif activity == PLANNED:
            self._take(cast("PlannedEventDocument", request), cast("TakenEventDocument", answer))
        elif activity == APPLY_EVENTS and "lacks_history" not in answer:
            self._apply(cast("ApplyRequest", request), cast("ApplyAnswer", answer))

    def planned(self, event_id: int, request: Document) -> None:
        """An event that came with its plan. Whoever sent it records its step."""
        self._requests[event_id] = PLANNED, request

    def _take(self, request: PlannedEventDocument, answer: TakenEventDocument) -> None:
        self._plan = amended(self._before(request["plan"]), request["plan"])
        event = Event.from_json(request["event"])
        self.documents.append(StepContext.from_json(answer).step([event], self._plan, None).to_json())

    def _before(self, document: CoreDocument) -> Plan:
        return Plan(parse(document["opened_at"]), ()) if self._plan is None else self._plan

    def _apply(self, request: ApplyRequest, answer: ApplyAnswer) -> None:
        self._plan = amended(self._before(answer["plan"]), answer["plan"])
        events = [Event.from_json(_stamped(event, answer["stamped"])) for event in request["events"]]
        step = StepContext.from_json(request).step(events, self._plan, answer.get("snapshot"))
        self.documents.append(step.to_json())


def _stamped(event: CoreDocument, stamped: Mapping[str, str]) -> CoreDocument:
    at = stamped.get(event["event_id"])
    return event if at is None else {**event, "occurred_at": at}
