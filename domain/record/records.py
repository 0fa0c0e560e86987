"""What the workflow tells the store: one record a step, keyed by instance and sequence, the same on every retry."""

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
from domain.policy.snapshot import Facts
from domain.record.ledger import Firing, Ledger, next_instant
from domain.record.notices import firing_id
from domain.ticket.events import Event

FIRST = 1
LOG = "log"
"""The channel that is no receiver: what stands in a log was told to nobody."""
DELIVERED = "delivered"
DEAD = "dead"
NONE_SET_ASIDE: Mapping[str, Any] = {"count": 0, "recent": []}


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one notice fared on one channel; `status` is delivered or dead (given up, reason in `error`)."""

    notice_id: str
    channel: str
    status: str
    at: Instant
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "notice_id": self.notice_id,
            "channel": self.channel,
            "status": self.status,
            "at": render(self.at),
            "error": self.error,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Delivery:
        return cls(body["notice_id"], body["channel"], body["status"], parse(body["at"]), body["error"])


@dataclass(frozen=True, slots=True)
class Record:
    """One step of an instance: what was added since the step before, and where it stands now.

    `snapshot` is set on the first step and whenever it changed; `events`, `firings`, `notices` and `deliveries` hold
    only what this step added or changed, `settled` the ids of the notices that no channel waits for any more;
    `set_aside` counts all messages refused so far and shows the latest. `next_milestone_at` is the earliest planned
    instant of a milestone that has not fired; the instance is `ongoing` until every clock has stopped and every notice
    is settled: as long as that, a workflow must be running for it. `plan` None is that of the step before; its digest
    and the `versions` it was made with are always there.
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
        """What the step says that people rely on, as the chain keeps it (domain/record/chain.py).

        Of the plan the digest is enough: it follows from rules and events. Channels and refusals are no part of it.
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

        How a step's own notices fared is no part of it: a step that is told again after its worker was lost may fare
        otherwise, and whoever records it first decides that.
        """
        content = {**self.to_json(), "plan": None}
        if self.notices:
            del content["deliveries"], content["settled"], content["ongoing"]
            content["firings"] = [replace(firing, delivered_at=None).to_json() for firing in self.firings]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def without_plan(self) -> Record:
        """The same step for whoever has the plan of the step before, if that is still the same."""
        return replace(self, plan=None)

    def told(self, deliveries: Iterable[Delivery], settled: Collection[str], *, ongoing: bool) -> Record:
        """The step with how its notices fared: `settled` are the ids of those that no channel waits for any more."""
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


def delivered_at(deliveries: Iterable[Delivery]) -> Instant | None:
    """When a notice with these outcomes had reached everybody whom it reached; None when that was nobody."""
    found = list(deliveries)
    receivers = [one for one in found if one.channel != LOG] or found
    return max((one.at for one in receivers if one.status == DELIVERED), default=None)


def first_record(snapshot: Mapping[str, Any], plan: Plan, opened: Event) -> Record:
    """The opening of an instance: made of the start input alone, so whoever writes it first writes the same."""
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
    """Why an instance set that event aside; None where its document does not say so."""
    recent = set_aside.get("recent", ())
    reasons = [one["problem"] for one in recent if (one["field"], one["value"]) == ("event_id", event_id)]
    return reasons[-1] if reasons else None


def next_due(plan: Plan) -> Instant | None:
    """The earliest due instant of the clocks that still run."""
    return min((target.due_at for target in plan.targets if target.is_open and target.due_at is not None), default=None)
