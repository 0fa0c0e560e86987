"""What a step is made of before it is recorded: what has changed, and notices that are on their way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.instants import Instant, parse_optional, render_optional
from domain.record.ledger import Firing, Ledger, merge
from domain.record.notices import firing_id
from domain.record.records import Delivery, Record
from workflows.documents import CoreDocument, NoticeOnItsWay, SendingOutcome, TellRequest


@dataclass(slots=True)
class Outstanding:
    """A notice on its way: the document as it was first made, the channels that are settled, and when sending began."""

    notice: CoreDocument
    settled: dict[str, Delivery] = field(default_factory=dict)
    since: Instant | None = None

    @property
    def withdraws(self) -> str | None:
        """The id of the notice that this one takes back."""
        id_: str | None = self.notice["data"]["withdraws"]
        return id_

    def to_json(self) -> NoticeOnItsWay:
        settled = [delivery.to_json() for delivery in self.settled.values()]
        return {"notice": self.notice, "settled": settled, "since": render_optional(self.since)}

    @classmethod
    def from_json(cls, body: NoticeOnItsWay) -> Outstanding:
        deliveries = [Delivery.from_json(delivery) for delivery in body["settled"]]
        return cls(
            body["notice"],
            {delivery.channel: delivery for delivery in deliveries},
            parse_optional(body.get("since"), "since"),
        )


@dataclass(slots=True)
class SaidOngoing:
    """What the newest step that is made says of whether the instance goes on: `last`, and the step's number."""

    sequence: int = 0
    last: bool = True

    def note(self, sequence: int, ongoing: bool) -> None:
        if sequence >= self.sequence:
            self.sequence, self.last = sequence, ongoing


@dataclass(slots=True)
class PendingStep:
    """What has changed since the last record; `settled` are ids of notices that wait for no channel any more."""

    firings: Ledger = ()
    notices: list[CoreDocument] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    refused: bool = False

    def __bool__(self) -> bool:
        return any((self.firings, self.notices, self.deliveries, self.settled, self.refused))

    @property
    def is_about_deliveries_alone(self) -> bool:
        # What nobody is told of has no notice, and moves the next milestone all the same.
        return not (self.notices or self.refused or any(firing.skipped for firing in self.firings))

    @property
    def added(self) -> dict[str, Any]:
        """The fields of its record."""
        return {
            "firings": self.firings,
            "notices": tuple(self.notices),
            "deliveries": tuple(self.deliveries),
            "settled": tuple(self.settled),
        }

    def joined_to(self, last: Record, *, ongoing: bool) -> Record:
        """The last record with these deliveries in it."""
        return replace(
            last,
            ongoing=ongoing,
            firings=merge(last.firings, self.firings),
            deliveries=(*last.deliveries, *self.deliveries),
            settled=(*last.settled, *self.settled),
        )


def with_outcomes(notice: CoreDocument, outcomes: Sequence[CoreDocument]) -> CoreDocument:
    """The notice with what became of the actions of its escalation."""
    return {**notice, "data": {**notice["data"], "outcomes": [dict(one) for one in outcomes]}}


def with_outcome(step: Record, request: TellRequest, outcome: SendingOutcome) -> Record:
    """The step as the activity that sent its notices has recorded it, or would have."""
    settled, looked_up = outcome["settled"], outcome.get("outcomes", {})
    unsettled = {notice["id"] for notice in step.notices} - set(settled)
    deliveries = [Delivery.from_json(delivery) for delivery in outcome["deliveries"]]
    if looked_up:
        step = _with_people(step, looked_up)
    return step.with_deliveries(deliveries, settled, ongoing=request["ongoing_besides"] or bool(unsettled))


def _with_people(step: Record, looked_up: Mapping[str, Sequence[CoreDocument]]) -> Record:
    """The step with what became of the actions that name people, by id of the notice."""

    def found(firing: Firing) -> Firing:
        documents = looked_up.get(firing_id(step.organization, step.instance_id, firing))
        return firing if documents is None or not firing.stands else replace(firing, outcomes=tuple(documents))

    notices = tuple(
        with_outcomes(notice, looked_up[notice["id"]]) if notice["id"] in looked_up else notice
        for notice in step.notices
    )
    return replace(step, notices=notices, firings=tuple(map(found, step.firings)))
