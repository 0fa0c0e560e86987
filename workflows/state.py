"""Everything an instance knows, in one object that continue-as-new and the store can hand over.

No Temporal in here: the workflow feeds it what the history says and does what it answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.digests import plan_digest
from domain.errors import InvalidValue
from domain.instants import Instant, Micros, parse_optional, render, render_optional
from domain.plan.plans import AUTOMATIC, Plan
from domain.plan.status import InstanceStatus, instance_status
from domain.policy.snapshot import Facts
from domain.record.ledger import Firing, Ledger, merge, next_instant, reconcile
from domain.record.notices import firing_id, notice, spoken
from domain.record.records import Delivery, Record, delivered_at, first_record, next_due, next_milestone
from domain.record.steps import FiredMilestones, StepContext, basis
from domain.ticket.events import Event
from workflows.documents import (
    CoreDocument,
    HistoryDocument,
    NoticeOnItsWay,
    Outcome,
    SetAside,
    StateAnswer,
    StateDocument,
    TellAnswer,
    TellRequest,
)
from workflows.signals import Refusal, SignalledEvent

SHOWN_REFUSALS = 20
# Bytes of attributes and rules. Compressed, what cannot be compressed further still fits one payload with the rest.
LARGEST_PAST = 1024 * 1024


@dataclass(slots=True)
class Outstanding:
    """A notice on its way: the document as first fixed, the channels that are settled, and when sending began."""

    notice: CoreDocument
    settled: dict[str, Delivery] = field(default_factory=dict)
    since: Instant | None = None

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
class PendingStep:
    """What has changed since the last record."""

    firings: Ledger = ()
    notices: list[CoreDocument] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    refused: bool = False

    def __bool__(self) -> bool:
        return any((self.firings, self.notices, self.deliveries, self.settled, self.refused))

    @property
    def tells_more_than_deliveries(self) -> bool:
        return bool(self.notices or self.refused)


@dataclass(slots=True)
class InstanceState:
    snapshot: CoreDocument
    plan: Plan
    events: dict[str, Event]
    ledger: Ledger = ()
    sequence: int = 0
    refused: int = 0
    refusals: list[CoreDocument] = field(default_factory=list)
    outstanding: dict[str, Outstanding] = field(default_factory=dict)
    unrecorded: list[Record] = field(default_factory=list)
    step: PendingStep = field(default_factory=PendingStep)
    auto_escalate: bool = False
    # How many of `unrecorded` are on their way to the store.
    recording: int = 0
    # Steps whose notices are being sent: they are recorded behind that.
    telling: dict[int, Record] = field(default_factory=dict)
    # Of the events in their order, and of the plan; bytes of attributes and rules.
    basis: str = field(default="", init=False)
    plan_digest: str = ""
    _carried: int = field(default=0, init=False)
    _facts: Facts | None = field(default=None, init=False, repr=False)
    _plan_document: CoreDocument | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.basis = basis(self.events.values())
        self._carried = sum(_size(event) for event in self.events.values())
        self.plan_digest = self.plan_digest or plan_digest(self.plan_document)

    @property
    def facts(self) -> Facts:
        """Read once a snapshot: that of an OLA holds every team, and the workflow may not think for two seconds."""
        if self._facts is None:
            self._facts = Facts.of(self.snapshot)
        return self._facts

    @classmethod
    def opening(
        cls, snapshot: CoreDocument, plan: CoreDocument, opened: CoreDocument, *, recorded: bool = False
    ) -> InstanceState:
        """A new instance; its first record is made of the start input alone, and somebody else's with `recorded`."""
        event, planned = Event.from_json(opened), Plan.from_json(plan)
        record = first_record(snapshot, planned, event)
        return cls(
            snapshot,
            planned,
            {event.event_id: event},
            sequence=record.sequence,
            unrecorded=[] if recorded else [record],
            auto_escalate=snapshot.get("auto_escalate", False),
        )

    @property
    def set_aside(self) -> SetAside:
        return {"count": self.refused, "recent": list(self.refusals)}

    def is_finished(self) -> bool:
        """Every clock stopped and every milestone that was reached has fired."""
        return self.plan.closed_at is not None and next_instant(self.plan, self.ledger) is None

    def _is_ongoing(self) -> bool:
        return bool(self.outstanding) or not self.is_finished()

    def is_settled(self) -> bool:
        return not (self.outstanding or self.unrecorded or self.telling or self.step)

    def receive(self, arrivals: Iterable[SignalledEvent]) -> tuple[list[SignalledEvent], list[Refusal]]:
        """The arrivals that are new, each received strictly after all that came before it, and what is refused.

        Attributes and rules beyond what an instance can carry from run to run are set aside; facts about the clocks
        never are.
        """
        fresh: dict[str, SignalledEvent] = {}
        refusals: list[Refusal] = []
        latest = max((event.received_at for event in self.events.values()), default=Instant(0))
        carried = self._carried
        for arrival in arrivals:
            if arrival.event.event_id in self.events or arrival.event.event_id in fresh:
                continue
            carried += _size(arrival.event)
            if carried > LARGEST_PAST and (arrival.event.attributes or arrival.event.rules):
                carried -= _size(arrival.event)
                refusals.append(_too_much(arrival.event))
                continue
            latest = Instant(max(arrival.event.received_at, latest + 1))
            fresh[arrival.event.event_id] = replace(arrival, event=replace(arrival.event, received_at=latest))
        return list(fresh.values()), refusals

    def next_sequence(self) -> int:
        """The number of the next step, which is taken then."""
        self.sequence += 1
        return self.sequence

    def stance(self, sequence: int, now: Instant) -> StepContext:
        """What the step that new events make is made from, besides them and their plan."""
        return StepContext(
            organization=self.facts.organization,
            instance_id=self.facts.instance_id,
            sequence=sequence,
            now=now,
            told=FiredMilestones.of(self.plan, self.ledger),
            undelivered=bool(self.outstanding),
            set_aside=self.set_aside,
        )

    @property
    def past(self) -> HistoryDocument:
        """What new events are added to, for whoever does not have it."""
        return {"snapshot": self.snapshot, "events": [event.to_json() for event in self.events.values()]}

    def apply(self, events: Sequence[Event], plan: Plan, digest: str, snapshot: CoreDocument | None = None) -> None:
        """`snapshot` where the events have changed it; `digest` is that of the plan."""
        self.basis = basis(events, self.basis)
        for event in events:
            self.events[event.event_id] = event
            self._carried += _size(event)
        self.plan, self.plan_digest, self._plan_document = plan, digest, None
        if snapshot is not None:
            self.snapshot, self._facts = snapshot, None

    def refuse(self, refusal: Refusal) -> None:
        self._set_aside(refusal)
        self.step.refused = True

    def refuse_in(self, sequence: int, refusal: Refusal, now: Instant) -> None:
        """In a step of its own whose number is taken already."""
        self._set_aside(refusal)
        self.unrecorded.append(self._record(now, sequence))

    def _set_aside(self, refusal: Refusal) -> None:
        self.refused += 1
        self.refusals = [*self.refusals, refusal.to_json()][-SHOWN_REFUSALS:]

    def asks_whether_to_escalate(self, now: Instant) -> bool:
        """Whether a step is due that happens only while the organization escalates automatically."""
        return any(_is_conditional(firing) for firing in reconcile(self.plan, self.ledger, now))

    def fire(self, now: Instant) -> list[str]:
        """Fix what fires or is withdrawn by `now`, all but conditional steps; the ids of the notices to deliver."""
        return self._fix([firing for firing in reconcile(self.plan, self.ledger, now) if not _is_conditional(firing)])

    def escalate(self, now: Instant) -> list[str]:
        """Fix the conditional steps that are due by `now`, as they stand with `auto_escalate`."""
        due = [firing for firing in reconcile(self.plan, self.ledger, now) if _is_conditional(firing)]
        return self._fix([replace(firing, skipped=not self.auto_escalate) for firing in due])

    def _fix(self, changed: Sequence[Firing]) -> list[str]:
        self.ledger = merge(self.ledger, changed)
        self.step.firings = merge(self.step.firings, changed)
        notices = [notice(self.facts, self.plan, firing) for firing in changed if not firing.skipped]
        self.step.notices += notices
        self.outstanding |= {document["id"]: Outstanding(document) for document in notices}
        return [document["id"] for document in notices]

    def settle(self, notice_id: str, deliveries: Iterable[Delivery]) -> None:
        """Some channels of a notice are through, or given up."""
        self.outstanding[notice_id].settled |= {delivery.channel: delivery for delivery in deliveries}
        self.step.deliveries += deliveries

    def delivered(self, notice_id: str) -> None:
        """No channel of the notice is pending any more; it was delivered if a receiver took it (the log is no one)."""
        self.step.settled.append(notice_id)
        self.step.firings = merge(self.step.firings, self._delivered(notice_id))

    def _delivered(self, notice_id: str) -> list[Firing]:
        """The firing, as it is now that its notice is settled."""
        outstanding = self.outstanding.pop(notice_id)
        told, at = outstanding.notice["data"], delivered_at(outstanding.settled.values())
        if at is None or told["withdraws"] is not None:
            return []
        changed = [
            replace(firing, delivered_at=at)
            for firing in self.ledger
            if firing.generation == told["generation"]
            and firing_id(self.facts.organization, self.facts.instance_id, firing) == notice_id
        ]
        self.ledger = merge(self.ledger, changed)
        return changed

    def waits_for_another(self, notice_id: str) -> bool:
        """A notice that takes back one which is on its way still goes only where that one has arrived."""
        return self.outstanding[notice_id].notice["data"]["withdraws"] in self.outstanding

    def tell(self, now: Instant, notice_ids: Sequence[str]) -> TellRequest:
        """What is asked for to have these notices sent and the step that holds them recorded."""
        step = self._taken_step(now, self.next_sequence())
        self.telling[step.sequence] = step
        besides = not self.is_finished() or bool(self.outstanding.keys() - set(notice_ids))
        return {
            "record": step.without_plan().to_json(),
            "notices": list(notice_ids),
            "ongoing_besides": besides,
            "newest": self.sequence,
        }

    def told(self, step: Record, asked: TellRequest, answer: TellAnswer) -> list[str]:
        """How the notices of a step fared by the time it was recorded, and after; ids of those still to be sent."""
        del self.telling[step.sequence]
        for delivery in map(Delivery.from_json, answer["deliveries"]):
            self.outstanding[delivery.notice_id].settled[delivery.channel] = delivery
        for id_ in answer["settled"]:
            # One that was withdrawn meanwhile stands in a later step, which knew nothing of this.
            late = [firing for firing in self._delivered(id_) if not firing.stands]
            self.step.firings = merge(self.step.firings, late)
        if not answer["recorded"]:
            self.unrecorded.append(with_outcome(step, asked, answer))
        for delivery in map(Delivery.from_json, answer["late"]):
            self.settle(delivery.notice_id, [delivery])
        pending = [id_ for id_ in asked["notices"] if id_ in answer["pending"]]
        for id_ in asked["notices"]:
            if id_ in self.outstanding and id_ not in answer["pending"]:
                self.delivered(id_)
        return pending

    def close_step(self, now: Instant) -> None:
        """Put what has changed into the next record; deliveries alone into one that still waits, if there is any."""
        if not self.step:
            return
        if self._gathered(self.step):
            self.step = PendingStep()
            return
        self.unrecorded.append(self._taken_step(now, self.next_sequence()))

    def _taken_step(self, now: Instant, sequence: int) -> Record:
        step, self.step = self.step, PendingStep()
        return self._record(
            now,
            sequence,
            firings=step.firings,
            notices=tuple(step.notices),
            deliveries=tuple(step.deliveries),
            settled=tuple(step.settled),
        )

    def whole_record(self, now: Instant) -> Record:
        """Everything up to the step before those that are not recorded yet, as one step: for a store that has none."""
        return self._record(
            now,
            min((record.sequence for record in self.unrecorded), default=self.sequence + 1) - 1,
            snapshot=self.snapshot,
            events=tuple(self.events.values()),
            firings=self.ledger,
            notices=tuple(one.notice for one in self.outstanding.values()),
            deliveries=tuple(delivery for one in self.outstanding.values() for delivery in one.settled.values()),
        )

    def _record(self, now: Instant, sequence: int, **added: Any) -> Record:
        return Record(
            organization=self.facts.organization,
            instance_id=self.facts.instance_id,
            sequence=sequence,
            plan=self.plan_document,
            plan_digest=self.plan_digest,
            versions=self.plan.versions,
            status=self.status(now),
            closed_at=self.plan.closed_at,
            next_due_at=next_due(self.plan),
            next_milestone_at=next_milestone(self.plan, self.ledger),
            ongoing=self._is_ongoing(),
            set_aside=self.set_aside,
            **added,
        )

    def _gathered(self, step: PendingStep) -> bool:
        """Hundreds of notices may be taken at once, and every record holds the whole plan."""
        last = self.unrecorded[-1] if len(self.unrecorded) > self.recording else None
        if last is None or step.tells_more_than_deliveries or last.sequence != self.sequence:
            return False
        self.unrecorded[-1] = replace(
            last,
            ongoing=self._is_ongoing(),
            firings=merge(last.firings, step.firings),
            deliveries=(*last.deliveries, *step.deliveries),
            settled=(*last.settled, *step.settled),
        )
        return True

    def _not_recorded(self) -> list[Record]:
        return sorted([*self.unrecorded, *self.telling.values()], key=lambda record: record.sequence)

    @property
    def plan_document(self) -> CoreDocument:
        if self._plan_document is None:
            self._plan_document = self.plan.to_json()
        return self._plan_document

    def status(self, now: Instant) -> InstanceStatus:
        return instance_status(self.plan, now)

    def wait(self, now: Instant) -> tuple[Micros, str] | None:
        """How long until the next milestone and what it is; None when nothing is to come."""
        upcoming = next_instant(self.plan, self.ledger)
        if upcoming is None:
            return None
        at, key = upcoming
        return Micros(max(0, at - now)), f"{key.target}: {spoken(key.milestone)}"

    def answer(self, now: Instant) -> StateAnswer:
        """The answer of the query `state`."""
        facts = self.facts
        return {
            "organization": facts.organization,
            "instance_id": facts.instance_id,
            "status": self.status(now).value,
            "closed_at": render_optional(self.plan.closed_at),
            "as_of": render(now),
            "plan": self.plan_document,
            "ledger": [firing.to_json() for firing in self.ledger],
            "applied": list(self.events),
            "occurred_at": {event.event_id: render(event.occurred_at) for event in self.events.values()},
            "set_aside": self.set_aside,
            "undelivered": list(self.outstanding),
            "unrecorded": len(self.unrecorded) + len(self.telling),
            "sequence": self.sequence,
            "snapshot": self.snapshot,
        }

    def to_json(self) -> StateDocument:
        """All of it, for the next run; a step must be closed first."""
        return {
            "snapshot": self.snapshot,
            "plan": self.plan_document,
            "events": [event.to_json() for event in self.events.values()],
            "ledger": [firing.to_json() for firing in self.ledger],
            "sequence": self.sequence,
            "set_aside": self.set_aside,
            "outstanding": [outstanding.to_json() for outstanding in self.outstanding.values()],
            "unrecorded": [record.to_json() for record in self._not_recorded()],
            "auto_escalate": self.auto_escalate,
        }

    @classmethod
    def from_json(cls, body: StateDocument) -> InstanceState:
        """From the run before, or (without anything outstanding) from what the store has recorded.

        Raises InvalidValue where the store has no snapshot.
        """
        snapshot = body["snapshot"]
        if snapshot is None:
            raise InvalidValue("snapshot", None, "is not recorded")
        events = [Event.from_json(event) for event in body["events"]]
        outstanding = [Outstanding.from_json(one) for one in body.get("outstanding", ())]
        return cls(
            snapshot=snapshot,
            plan=Plan.from_json(body["plan"]),
            events={event.event_id: event for event in events},
            ledger=tuple(Firing.from_json(firing) for firing in body["ledger"]),
            sequence=body["sequence"],
            refused=body["set_aside"]["count"],
            refusals=list(body["set_aside"]["recent"]),
            outstanding={one.notice["id"]: one for one in outstanding},
            unrecorded=[Record.from_json(record) for record in body.get("unrecorded", ())],
            auto_escalate=body.get("auto_escalate", snapshot.get("auto_escalate", False)),
        )


def with_outcome(step: Record, asked: TellRequest, answer: Outcome) -> Record:
    """The step as whoever sent its notices has recorded it, or would have."""
    unsettled = {notice["id"] for notice in step.notices} - set(answer["settled"])
    deliveries = [Delivery.from_json(delivery) for delivery in answer["deliveries"]]
    return step.told(deliveries, answer["settled"], ongoing=asked["ongoing_besides"] or bool(unsettled))


def _is_conditional(firing: Firing) -> bool:
    return firing.stands and firing.key.milestone == AUTOMATIC


def _size(event: Event) -> int:
    return sum(len(json.dumps(dict(document))) for document in (event.attributes, event.rules) if document)


def _too_much(event: Event) -> Refusal:
    problem = f"attributes and rules: must be at most {LARGEST_PAST} bytes in all"
    return Refusal(event.kind.value, problem, "event_id", event.event_id, event.received_at)
