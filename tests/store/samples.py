"""Policies, instances and records for the store's tests, made by the core itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import HOUR, MINUTE, Instant, Micros, parse
from domain.plan.planning import plan
from domain.plan.status import instance_status
from domain.policy.catalog import AROUND_THE_CLOCK
from domain.policy.policies import Policy
from domain.policy.snapshot import Alternative, Snapshot
from domain.policy.targets import TargetRule
from domain.record.ledger import Firing, Key
from domain.record.records import Record, first_record, next_due
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket

OPENED = parse("2026-03-02T09:00:00.123456Z")
ORGANIZATION = "default"


def a_policy(id_: str = "sla_1", **changes: Any) -> Policy:
    targets = (
        TargetRule("target_1", "first_response", None, HOUR),
        TargetRule("target_2", "resolution", None, Micros(8 * HOUR)),
    )
    return replace(Policy(id=id_, name=f"Policy {id_}", targets=targets), **changes)


def an_opening(
    subject: str = "42",
    *,
    organization: str = ORGANIZATION,
    opened_at: Instant = OPENED,
    subject_type: SubjectType = SubjectType.TICKET,
    kind: Kind = Kind.SLA,
    **ticket: Any,
) -> Record:
    """The first record of an instance; `policy`, `priority` and `fields` of its ticket may be given, and the policies
    that a change may lead to as `alternatives`."""
    policy, others = ticket.pop("policy", None) or a_policy(kind=kind), ticket.pop("alternatives", ())
    instance = InstanceId(kind, subject_type, subject)
    alternatives = tuple(Alternative(one, AROUND_THE_CLOCK) for one in others)
    snapshot = Snapshot(
        organization, Ticket(instance, **ticket), policy, AROUND_THE_CLOCK, "2026a", alternatives=alternatives
    )
    opened = Event(EventKind.OPENED, f"open-{subject}", opened_at, opened_at, source="test")
    return first_record(snapshot.to_json(), plan(snapshot, (opened,)), opened)


def an_event(event_id: str, kind: EventKind = EventKind.ACKNOWLEDGED, minutes: int = 5) -> Event:
    at = Instant(OPENED + minutes * MINUTE)
    return Event(kind, event_id, at, at, actor="ann")


def a_firing(milestone: str = "halfway", minutes: int = 30, **changes: Any) -> Firing:
    at = Instant(OPENED + minutes * MINUTE)
    return replace(Firing(Key("first_response", 1, milestone), 1, at, Instant(at + 7)), **changes)


def after(opening: Record, sequence: int, *events: Event) -> Record:
    """The record of a step after which these events are known besides the opening."""
    assert opening.snapshot is not None
    planned = plan(Snapshot.from_json(opening.snapshot), (*opening.events, *events))
    now = events[-1].occurred_at if events else planned.opened_at
    return a_step(
        opening,
        sequence,
        plan=planned.to_json(),
        status=instance_status(planned, now),
        closed_at=planned.closed_at,
        next_due_at=next_due(planned),
        events=events[-1:],
    )


def a_step(opening: Record, sequence: int, **changes: Any) -> Record:
    """A later record of the instance that `opening` opened."""
    digest = {"plan_digest": ""} if "plan" in changes else {}
    return replace(opening, sequence=sequence, **{"snapshot": None, "events": (), **digest, **changes})
