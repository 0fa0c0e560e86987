"""What the store is told: one record for each step, keyed by instance and sequence, the same on every retry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from domain.digests import plan_digest
from domain.instants import Instant, parse, parse_optional, render, render_optional
from domain.plan.plans import Plan
from domain.plan.status import InstanceStatus, instance_status
from domain.policy.snapshot_facts import Facts
from domain.record.ledger import Firing, Ledger, next_instant
from domain.record.notices import firing_id
from domain.ticket.events import Event

FIRST = 1
LOG = "log"
"""The channel that nobody reads: a notice that only went to the log was told to nobody."""
DELIVERED = "delivered"
DEAD = "dead"
NONE_SET_ASIDE: Mapping[str, Any] = {"count": 0, "recent": []}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one notice on one channel: `delivered`, or `dead` (given up, with the reason in `error`).

    `sent_at` is when the attempt began that ended `at` that instant; None where there was none.
    """

    notice_id: str
    channel: str
    status: str
    at: Instant
    error: str = ""
    sent_at: Instant | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "notice_id": self.notice_id,
            "channel": self.channel,
            "status": self.status,
            "at": render(self.at),
            "error": self.error,
            **({} if self.sent_at is None else {"sent_at": render(self.sent_at)}),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Delivery:
        sent_at = parse_optional(body.get("sent_at"))
        return cls(body["notice_id"], body["channel"], body["status"], parse(body["at"]), body["error"], sent_at)


@dataclass(frozen=True, slots=True)
class Record:
    """One step of an instance: what was added since the step before, and where the instance stands now.

    `snapshot` is set on the first step and whenever it changed. `events`, `firings`, `notices` and `deliveries` hold
    only what this step added or changed; `settled` holds the ids of the notices that no channel waits for any more.
    `set_aside` counts all messages refused so far and shows the latest. `next_milestone_at` is the earliest planned
    instant of a milestone that has not fired. An instance is `ongoing` until every clock has stopped and every notice
    is settled; until then a workflow must be running for it. `plan` is None where it is the plan of the step before;
    its digest and the `versions` it was made with are always there.
    """

    organization: str
    instance_id: str
    sequence: int
    plan: Mapping[str, Any] | None
    status: InstanceStatus
    closed_at: Instant | None
    next_due_at: Instant | None
    next_milestone_at: Instant | None
    ongoing: bool
    snapshot: Mapping[str, Any] | None = None
    events: tuple[Event, ...] = ()
    firings: Ledger = ()
    notices: tuple[Mapping[str, Any], ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    settled: tuple[str, ...] = ()
    set_aside: Mapping[str, Any] = field(default_factory=lambda: dict(NONE_SET_ASIDE))
    plan_digest: str = ""
    versions: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.plan is not None and not self.plan_digest:
            object.__setattr__(self, "plan_digest", plan_digest(self.plan))
        if self.plan is not None and self.versions is None:
            object.__setattr__(self, "versions", self.plan.get("versions"))

    @property
    def link(self) -> dict[str, Any]:
        """The part of the step that people rely on, as the chain keeps it (domain/record/chain.py).

        The digest stands for the plan, which follows from rules and events. Channels and refusals are not in it.
        """
        return {
            "organization": self.organization,
            "instance_id": self.instance_id,
            "sequence": self.sequence,
            "status": self.status.value,
            "closed_at": render_optional(self.closed_at),
            "events": [event.to_json() for event in self.events],
            "firings": [firing.to_json() for firing in self.firings],
            "notices": [notice["id"] for notice in self.notices],
            "plan": self.plan_digest,
            "versions": self.versions,
            **({} if self.snapshot is None else {"snapshot": self.snapshot}),
        }

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical content: equal for equal steps, whoever writes them.

        What became of a step's own notices is not in it. A step whose worker was lost is sent again, its notices may
        end otherwise then, and whoever records the step first decides which is kept.
        """
        content = {**self.to_json(), "plan": None}
        if self.notices:
            del content["deliveries"], content["settled"], content["ongoing"]
            told = (replace(firing, delivered_at=None, outcomes=()) for firing in self.firings)
            content["firings"] = [firing.to_json() for firing in told]
            content["notices"] = [_before_sending(notice) for notice in self.notices]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def without_plan(self) -> Record:
        """The same step without its plan, for a store that has the same plan from the step before."""
        return replace(self, plan=None)

    def with_deliveries(self, deliveries: Iterable[Delivery], settled: Collection[str], *, ongoing: bool) -> Record:
        """The step with what became of its notices; `settled` are the ids that no channel waits for any more."""
        found = (*self.deliveries, *deliveries)

        def fared(firing: Firing) -> Firing:
            id_ = firing_id(self.organization, self.instance_id, firing)
            if id_ not in settled or not firing.stands:
                return firing
            return replace(firing, delivered_at=delivered_at(one for one in found if one.notice_id == id_))

        own = tuple(notice["id"] for notice in self.notices if notice["id"] in settled)
        firings = tuple(map(fared, self.firings))
        return replace(self, firings=firings, deliveries=found, settled=(*self.settled, *own), ongoing=ongoing)

    def to_json(self) -> dict[str, Any]:
        return {
            "organization": self.organization,
            "instance_id": self.instance_id,
            "sequence": self.sequence,
            "plan": self.plan,
            "plan_digest": self.plan_digest,
            "versions": self.versions,
            "status": self.status.value,
            "closed_at": render_optional(self.closed_at),
            "next_due_at": render_optional(self.next_due_at),
            "next_milestone_at": render_optional(self.next_milestone_at),
            "ongoing": self.ongoing,
            "snapshot": self.snapshot,
            "events": [event.to_json() for event in self.events],
            "firings": [firing.to_json() for firing in self.firings],
            "notices": list(self.notices),
            "deliveries": [delivery.to_json() for delivery in self.deliveries],
            "settled": list(self.settled),
            "set_aside": dict(self.set_aside),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Record:
        return cls(
            organization=body["organization"],
            instance_id=body["instance_id"],
            sequence=body["sequence"],
            plan=body["plan"],
            status=InstanceStatus(body["status"]),
            closed_at=parse_optional(body["closed_at"]),
            next_due_at=parse_optional(body["next_due_at"]),
            next_milestone_at=parse_optional(body["next_milestone_at"]),
            ongoing=body["ongoing"],
            snapshot=body["snapshot"],
            events=tuple(Event.from_json(event) for event in body["events"]),
            firings=tuple(Firing.from_json(firing) for firing in body["firings"]),
            notices=tuple(body["notices"]),
            deliveries=tuple(Delivery.from_json(delivery) for delivery in body["deliveries"]),
            settled=tuple(body.get("settled", ())),
            set_aside=body["set_aside"],
            plan_digest=body["plan_digest"],
            versions=body["versions"],
        )


def _before_sending(notice: Mapping[str, Any]) -> dict[str, Any]:
    """The notice without what sending it has found out."""
    data = {name: value for name, value in notice.get("data", {}).items() if name != "outcomes"}
    return {**notice, "data": data}


def delivered_at(deliveries: Iterable[Delivery]) -> Instant | None:
    """When the last receiver had the notice; None when nobody received it. The log counts only where it is alone."""
    found = list(deliveries)
    receivers = [one for one in found if one.channel != LOG] or found
    return max((one.at for one in receivers if one.status == DELIVERED), default=None)


def first_record(snapshot: Mapping[str, Any], plan: Plan, opened: Event) -> Record:
    """The first step of an instance, made of the start input alone, so that every writer writes the same."""
    facts = Facts.of(snapshot)
    return Record(
        organization=facts.organization,
        instance_id=facts.instance_id,
        sequence=FIRST,
        plan=plan.to_json(),
        status=instance_status(plan, plan.opened_at),
        closed_at=plan.closed_at,
        next_due_at=next_due(plan),
        next_milestone_at=next_milestone(plan, ()),
        ongoing=True,
        snapshot=snapshot,
        events=(opened,),
    )


def next_milestone(plan: Plan, ledger: Ledger) -> Instant | None:
    """When the earliest milestone that has not fired is planned, whether past or future."""
    upcoming = next_instant(plan, ledger)
    return None if upcoming is None else upcoming[0]


def refusal(set_aside: Mapping[str, Any], event_id: str) -> str | None:
    """Why an instance refused that event; None where its `set_aside` document does not name it."""
    recent = set_aside.get("recent", ())
    reasons = [one["problem"] for one in recent if (one["field"], one["value"]) == ("event_id", event_id)]
    return reasons[-1] if reasons else None


def next_due(plan: Plan) -> Instant | None:
    """The earliest due instant of the clocks that still run."""
    return min((target.due_at for target in plan.targets if target.is_open and target.due_at is not None), default=None)
