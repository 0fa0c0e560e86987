"""The ticket that the description of the API explains."""

from __future__ import annotations

from domain.calendar import Calendar
from domain.explaining import Explanation, RecordedHistory, explain
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import HOUR, Instant, parse
from domain.plan.planning import plan
from domain.policy.catalog import Catalog
from domain.policy.policies import Policy
from domain.policy.snapshot import CalendarVersion
from domain.policy.targets import TargetRule
from domain.record.ledger import Firing, Key
from domain.ticket.conditions.conditions import Condition
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket

_WEEK = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
_EVENTS = (
    (EventKind.OPENED, "zd-118-1", "14:30:00", "14:30:00", ""),
    (EventKind.PAUSED, "zd-118-3", "14:45:00", "14:45:01", "customer"),
    (EventKind.RESUMED, "zd-118-5", "15:45:00", "15:45:01", "customer"),
)


def explained_ticket() -> Explanation:
    """As it stood on the evening of Friday, 6 March 2026."""
    hours = CalendarVersion(Calendar.from_json({"timezone": "Europe/Berlin", "weekly_hours": _WEEK}), "bh_default", 3)
    gold = Policy("sla_0aa1b2c3d4e5f607", "Gold", conditions=(Condition("plan", "eq", "gold"),), version=2)
    urgent = Policy(
        "sla_5d1f0a9be2c34786",
        "Urgent",
        conditions=(Condition("priority", "in", ("urgent", "high")),),
        targets=(TargetRule("target_1", "resolution", None, HOUR),),
        business_hours=True,
    )
    ticket = Ticket(InstanceId(Kind.SLA, SubjectType.CONVERSATION, "conv_456"), "urgent", {"plan": "basic"})
    snapshot = Catalog("default", (gold, urgent), {"bh_default": hours}, "bh_default").snapshot(ticket, "2026a")
    assert snapshot is not None
    events = tuple(
        Event(kind, id_, _at(occurred), _at(received), source="api", cause=cause)
        for kind, id_, occurred, received, cause in _EVENTS
    )
    fired = Firing(
        Key("resolution", 1, "halfway"), 1, _at("16:00:00"), _at("16:00:00.004"), delivered_at=_at("16:00:00.061")
    )
    return explain(RecordedHistory(snapshot, events, (fired,), plan(snapshot, events)), _at("16:30:00"))


def _at(time: str) -> Instant:
    return parse(f"2026-03-06T{time}Z")
