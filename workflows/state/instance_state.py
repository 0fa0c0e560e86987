"""Everything an instance knows, in one object that one run can give to the next.

There is no Temporal in here: the workflow gives it what the history says, and does what it answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.digests import plan_digest
from domain.instants import Instant, Micros
from domain.plan.milestones import AUTOMATIC, HALFWAY
from domain.plan.plans import Plan
from domain.plan.status import InstanceStatus, instance_status, resumes_at
from domain.policy.snapshot_facts import Facts
from domain.record.ledger import TICKET, Firing, Key, Ledger, merge, next_instant, reconcile
from domain.record.notices import firing_id, notice, spoken_milestone
from domain.record.outcomes import Acting, ordered_events, outcomes, warned
from domain.record.quiet import hushed, quiet_until
from domain.record.records import Delivery, Record, delivered_at, next_due, next_milestone
from domain.record.steps import FiredMilestones, StepContext, basis
from domain.ticket.events import Event
from domain.ticket.tickets import Ticket
from domain.ticket.timeline import ticket_after
from workflows.documents import CoreDocument, HistoryDocument, SetAside, TellAnswer, TellRequest
from workflows.signals import Refusal, SignalledEvent
from workflows.state.entrusted import Entrusted, EntrustedStep
from workflows.state.receiving import new_events, size
from workflows.state.steps import Outstanding, PendingStep, SaidOngoing, with_outcome, with_outcomes

SHOWN_REFUSALS = 20
# Of what operators see in one line; Temporal refuses a summary of more than 400 bytes.
LONGEST_SUMMARY = 100
RESUMES = "a pause ends by itself"


@dataclass(slots=True)
class InstanceState:
    """`events` and `outstanding` are keyed by id, `telling` by sequence; `sequence` is that of the newest step.

    `refused` counts the signals set aside, of which `refusals` holds the last ones.
    """

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
    said_ongoing: SaidOngoing = field(default_factory=SaidOngoing)
    # How many of `unrecorded` are on their way to the store.
    recording: int = 0
    # Steps whose notices are being sent: each is recorded once that is done.
    telling: dict[int, Record] = field(default_factory=dict)
    entrusted: Entrusted = field(default_factory=Entrusted)
    # Ids of the events that escalations have ordered in this run.
    ordered: set[str] = field(default_factory=set)
    # The digest of the events in their order of arrival, and that of the plan.
    basis: str = field(default="", init=False)
    plan_digest: str = ""
    quiet_until: Instant | None = field(default=None, init=False)
    # Bytes of the events' attributes and rules.
    _carried: int = field(default=0, init=False)
    _facts: Facts | None = field(default=None, init=False, repr=False)
    _plan_document: CoreDocument | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.basis = basis(self.events.values())
        self.quiet_until = quiet_until(self.events.values())
        self._carried = sum(size(event) for event in self.events.values())
        self.plan_digest = self.plan_digest or plan_digest(self.plan_document)

    @property
    def facts(self) -> Facts:
        """Read once a snapshot: that of an OLA holds every team, and the workflow may not think for two seconds."""
        if self._facts is None:
            self._facts = Facts.of(self.snapshot)
        return self._facts

    @property
    def plan_document(self) -> CoreDocument:
        if self._plan_document is None:
            self._plan_document = self.plan.to_json()
        return self._plan_document

    @property
    def set_aside(self) -> SetAside:
        return {"count": self.refused, "recent": list(self.refusals)}

    @property
    def history(self) -> HistoryDocument:
        """What new events are added to, for a worker that does not have it."""
        return {"snapshot": self.snapshot, "events": [event.to_json() for event in self.events.values()]}

    @property
    def not_recorded(self) -> list[Record]:
        """The steps that the instance has not had recorded yet, in their order."""
        return sorted([*self.unrecorded, *self.telling.values()], key=lambda record: record.sequence)

    @property
    def carried_steps(self) -> list[Record]:
        """The steps that another run must have recorded: those, and the ones that others were to record."""
        return sorted([*self.not_recorded, *self.entrusted.records], key=lambda record: record.sequence)

    def status(self, now: Instant) -> InstanceStatus:
        return instance_status(self.plan, now)

    def next_wake_up(self, now: Instant) -> tuple[Micros, str] | None:
        """How long until the next milestone, or until a pause ends by itself, and what it is; None when nothing is to
        come."""
        milestone, resumed = next_instant(self.plan, self.ledger), resumes_at(self.plan, now)
        if resumed is not None and (milestone is None or resumed < milestone[0]):
            return Micros(resumed - now), RESUMES
        return None if milestone is None else (Micros(max(0, milestone[0] - now)), self._spoken(milestone[1]))

    def _spoken(self, key: Key) -> str:
        milestones = (mark for target in self.plan.targets for mark in target.milestones if Key.of(target, mark) == key)
        target = "ticket" if key.target == TICKET else key.target
        return f"{target}: {spoken_milestone(key.milestone, next(milestones, None))}"[:LONGEST_SUMMARY]

    def is_finished(self) -> bool:
        """Every clock stopped and every milestone that was reached has fired."""
        return self.plan.closed_at is not None and next_instant(self.plan, self.ledger) is None

    def is_settled(self) -> bool:
        """Every notice is delivered or given up, and every step is recorded."""
        return not (self.outstanding or self.unrecorded or self.telling or self.step)

    # Events

    def receive(self, arrivals: Iterable[SignalledEvent]) -> tuple[list[SignalledEvent], list[Refusal]]:
        """The arrivals that are new, and what is refused because the instance could not carry it from run to run."""
        return new_events(arrivals, self.events, self._carried)

    def step_context(self, sequence: int, now: Instant) -> StepContext:
        """What the step that new events make is made from, besides them and their plan."""
        return StepContext(
            organization=self.facts.organization,
            instance_id=self.facts.instance_id,
            sequence=sequence,
            now=now,
            fired=FiredMilestones.of(self.plan, self.ledger),
            undelivered=bool(self.outstanding),
            set_aside=self.set_aside,
        )

    def apply(self, events: Sequence[Event], plan: Plan, digest: str, snapshot: CoreDocument | None = None) -> None:
        """`snapshot` where the events have changed it; `digest` is that of the plan."""
        self.basis = basis(events, self.basis)
        self.quiet_until = quiet_until(events, self.quiet_until)
        for event in events:
            self.events[event.event_id] = event
            self._carried += size(event)
        self.plan, self.plan_digest, self._plan_document = plan, digest, None
        if snapshot is not None:
            self.snapshot, self._facts = snapshot, None

    def apply_planned(self, event: Event, plan: Plan, digest: str, now: Instant) -> StepContext:
        """Apply an event that came with its plan; what its step is made from, for whoever records it."""
        context = self.step_context(self.next_sequence(), now)
        self.apply([event], plan, digest)
        self.said_ongoing.note(context.sequence, context.says_ongoing(plan))
        self.unrecorded += self.entrusted.add(EntrustedStep(context, event, plan))
        return context

    def record_again(self, event_ids: Iterable[str]) -> None:
        """Record the steps of these events that others were to record."""
        self.unrecorded += self.entrusted.take_back(event_ids)

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

    # Milestones and their notices

    def asks_whether_to_escalate(self, now: Instant) -> bool:
        """Whether a step is due that happens only while the organization escalates automatically."""
        return any(_is_conditional(firing) for firing in self._changes(now))

    def fire(self, now: Instant) -> list[str]:
        """Fix what fires or is withdrawn by `now`, all but conditional steps; the ids of the notices to deliver."""
        return self._fix([firing for firing in self._changes(now) if not _is_conditional(firing)])

    def escalate(self, now: Instant) -> list[str]:
        """Fix the conditional steps that are due by `now`: each happens or is skipped, as `auto_escalate` says."""
        due = [firing for firing in self._changes(now) if _is_conditional(firing)]
        return self._fix([replace(firing, skipped=not self.auto_escalate) for firing in due])

    def _changes(self, now: Instant) -> Ledger:
        return hushed(reconcile(self.plan, self.ledger, now), self.quiet_until)

    def orders(self, now: Instant) -> list[SignalledEvent]:
        """The events that escalations which have fired order of the engine itself, once each.

        What was ordered stands in the ledger, so that a run that follows a lost one makes up for it.
        """
        new = [event for event in self._wanted(self.ledger, now) if event.event_id not in self.ordered]
        self.ordered.update(event.event_id for event in new)
        return [SignalledEvent(event) for event in new]

    def _wanted(self, firings: Iterable[Firing], now: Instant) -> list[Event]:
        """What the firings have ordered and no event tells yet."""
        acted = (firing for firing in firings if firing.outcomes and firing.stands)
        ordered = (event for firing in acted for event in ordered_events(firing, now))
        return [event for event in ordered if event.event_id not in self.events]

    def _acted(self, firing: Firing, together: Sequence[Firing]) -> Firing:
        """The firing with what became of its actions, where it is an escalation that happens now.

        What was ordered before and is not applied yet counts, too; `together` are the firings before it of this moment.
        """
        target = self.plan.target(firing.key.target, firing.key.cycle)
        if firing.skipped or not firing.stands or target is None:
            return firing
        step = next((one for one in target.milestones if one.name == firing.key.milestone), None)
        if step is None or step.escalation is None:
            team = self.facts.applicable_team if firing.key.milestone == HALFWAY else None
            return firing if team is None else replace(firing, outcomes=warned(team))
        events = (*self.events.values(), *self._wanted([*self.ledger, *together], firing.fired_at))
        opened = Ticket.from_json(self.snapshot["ticket"], "snapshot.ticket")
        acting = Acting(ticket_after(opened, events), self.facts.teams, events, self.ledger)
        id_ = firing_id(self.facts.organization, self.facts.instance_id, firing)
        return replace(firing, outcomes=outcomes(acting, target, step, id_))

    def _fix(self, changes: Sequence[Firing]) -> list[str]:
        changed: list[Firing] = []
        for firing in changes:
            changed.append(self._acted(firing, changed))
        self.ledger = merge(self.ledger, changed)
        self.step.firings = merge(self.step.firings, changed)
        events = self.events.values()
        notices = [notice(self.facts, self.plan, firing, events) for firing in changed if not firing.skipped]
        self.step.notices += notices
        self.outstanding |= {document["id"]: Outstanding(document) for document in notices}
        return [document["id"] for document in notices]

    def waits_for_another(self, notice_id: str) -> bool:
        """A notice that takes back one which is on its way still goes only where that one has arrived."""
        return self.outstanding[notice_id].withdraws in self.outstanding

    def tell(self, now: Instant, notice_ids: Sequence[str]) -> TellRequest:
        """Close the step with these notices; the request to send them and to record the step."""
        step = self._close(now, self.next_sequence())
        self.telling[step.sequence] = step
        besides = not self.is_finished() or bool(self.outstanding.keys() - set(notice_ids))
        return {
            "record": step.without_plan().to_json(),
            "notices": list(notice_ids),
            "ongoing_besides": besides,
            "newest": self.sequence,
        }

    def take_outcome(self, step: Record, request: TellRequest, answer: TellAnswer) -> list[str]:
        """Take in how the notices of a step fared until it was recorded, and after; ids of those still to be sent."""
        del self.telling[step.sequence]
        self._look_up(answer.get("outcomes", {}))
        for delivery in map(Delivery.from_json, answer["deliveries"]):
            self.outstanding[delivery.notice_id].settled[delivery.channel] = delivery
        for id_ in answer["settled"]:
            # One that was withdrawn meanwhile stands in a later step, which knew nothing of this.
            late = [firing for firing in self._mark_delivered(id_) if not firing.stands]
            self.step.firings = merge(self.step.firings, late)
        made = with_outcome(step, request, answer)
        self.said_ongoing.note(step.sequence, made.ongoing)
        if not answer["recorded"]:
            self.unrecorded.append(made)
        self.carry(answer.get("late_outcomes", {}))
        for delivery in map(Delivery.from_json, answer["late"]):
            self.settle(delivery.notice_id, [delivery])
        pending = [id_ for id_ in request["notices"] if id_ in answer["pending"]]
        for id_ in request["notices"]:
            if id_ in self.outstanding and id_ not in answer["pending"]:
                self.delivered(id_)
        return pending

    def _look_up(self, found: Mapping[str, Sequence[CoreDocument]]) -> None:
        """Take in what became of the actions that name people, by id of the notice."""
        if not found:
            return
        facts = self.facts
        for id_, documents in found.items():
            if (outstanding := self.outstanding.get(id_)) is not None:
                outstanding.notice = with_outcomes(outstanding.notice, documents)

        def known(firing: Firing) -> Firing:
            documents = found.get(firing_id(facts.organization, facts.instance_id, firing))
            return firing if documents is None else replace(firing, outcomes=tuple(documents))

        self.ledger = tuple(map(known, self.ledger))
        # It may have been withdrawn meanwhile, in a step that is not closed yet.
        self.step.firings = tuple(map(known, self.step.firings))

    def carry(self, found: Mapping[str, Sequence[CoreDocument]]) -> None:
        """Take in what became of actions after their step was recorded: it belongs to the next one."""
        before = self.ledger
        self._look_up(found)
        changed = [new for new, old in zip(self.ledger, before, strict=True) if new.outcomes != old.outcomes]
        self.step.firings = merge(self.step.firings, changed)

    def settle(self, notice_id: str, deliveries: Iterable[Delivery]) -> None:
        """Some channels of a notice have taken it, or are given up."""
        self.outstanding[notice_id].settled |= {delivery.channel: delivery for delivery in deliveries}
        self.step.deliveries += deliveries

    def delivered(self, notice_id: str) -> None:
        """The notice waits for no channel any more. It was delivered if a receiver took it; the log is no receiver."""
        self.step.settled.append(notice_id)
        self.step.firings = merge(self.step.firings, self._mark_delivered(notice_id))

    def _mark_delivered(self, notice_id: str) -> list[Firing]:
        """The firing, as it is now that its notice is settled."""
        outstanding = self.outstanding.pop(notice_id)
        at = delivered_at(outstanding.settled.values())
        if at is None or outstanding.withdraws is not None:
            return []
        changed = [
            replace(firing, delivered_at=at)
            for firing in self.ledger
            if firing.generation == outstanding.notice["data"]["generation"]
            and firing_id(self.facts.organization, self.facts.instance_id, firing) == notice_id
        ]
        self.ledger = merge(self.ledger, changed)
        return changed

    # Steps

    def next_sequence(self) -> int:
        """The number of the next step, which is taken from now on."""
        self.sequence += 1
        return self.sequence

    def close_step(self, now: Instant) -> None:
        """Put what has changed into the next record; deliveries alone go into one that still waits, if there is any.

        A step of events says that the instance goes on where notices were on their way as it was begun, and the step of
        these may be an earlier one. Whoever reads the newest would take the instance for lost once it is over.
        """
        if not self.step and (self._is_ongoing() or not self.said_ongoing.last):
            return
        if self._joins_last_record(self.step):
            self.step = PendingStep()
            return
        self.unrecorded.append(self._close(now, self.next_sequence()))

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

    def _close(self, now: Instant, sequence: int) -> Record:
        step, self.step = self.step, PendingStep()
        return self._record(now, sequence, **step.added)

    def _record(self, now: Instant, sequence: int, **added: Any) -> Record:
        ongoing = self._is_ongoing()
        self.said_ongoing.note(sequence, ongoing)
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
            ongoing=ongoing,
            set_aside=self.set_aside,
            **added,
        )

    def _joins_last_record(self, step: PendingStep) -> bool:
        """Hundreds of notices may be taken at once, and every record holds the whole plan."""
        last = self.unrecorded[-1] if len(self.unrecorded) > self.recording else None
        if last is None or not step.is_about_deliveries_alone or last.sequence != self.sequence:
            return False
        ongoing = self._is_ongoing()
        self.unrecorded[-1] = step.joined_to(last, ongoing=ongoing)
        self.said_ongoing.note(last.sequence, ongoing)
        return True

    def _is_ongoing(self) -> bool:
        return bool(self.outstanding) or not self.is_finished()


def _is_conditional(firing: Firing) -> bool:
    return firing.stands and firing.key.milestone == AUTOMATIC and not firing.skipped
