"""Pauses that last longer than their policy lets them count: they stop counting, and a notice says so once.

Every hour counts; a pause for the customer counts for an hour, any other for two.
"""

from __future__ import annotations

from typing import Any

import pytest

from domain.explaining import explain
from domain.explaining.text import explanation_text
from domain.explaining.view import explanation_view
from domain.instants import HOUR, MINUTE
from domain.plan.milestones import LongPause
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.clocks.clocks import ClockState
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from domain.policy.targets import TargetRule
from domain.record.ledger import Key, next_instant, reconcile
from domain.ticket.events import Event
from tests.domain.record.test_quiet import Desk, quietly
from tests.support.builders import (
    ALWAYS,
    a_snapshot,
    acknowledged,
    at,
    only,
    opened,
    paused,
    promise,
    reopened,
    resolved,
    resumed,
    updated,
)

LIMITS: dict[str, Any] = {"pauses_at_most": {"customer": HOUR, "*": 2 * HOUR}}
PENDING = {"field": "status", "operator": "eq", "value": "pending"}
HELD = TargetRule.from_json({"id": "t", "type": "resolution", "hours": 8, "pauses_when": [PENDING]})
LIMITED = a_snapshot(promise(minutes=480), calendar=ALWAYS, **LIMITS)
BY_FIELD = a_snapshot(HELD, calendar=ALWAYS, **LIMITS)


def long_pauses(*events: Event, snapshot: Snapshot = LIMITED) -> list[tuple[str, str, int]]:
    found = plan(snapshot, [opened("09:00"), *events]).long_pauses
    return [(one.cause, one.event_id, one.at) for one in found]


def desk(*events: Event, snapshot: Snapshot = LIMITED) -> Desk:
    """As it stands at the last event, each of which came when it was received."""
    one = Desk.of(snapshot, opened("09:00"))
    for event in events:
        one.look(event.received_at)
        one.take([event], event.received_at)
    return one


def test_a_notice_says_when_a_pause_stops_counting() -> None:
    """A notice says once that a pause stops counting, as it does; a late event that ends it in time takes it back."""
    one = desk(paused("09:20", "customer"))
    one.look(at("10:19"))
    assert one.names == []
    one.look(at("10:20"))
    one.look(at("12:00"))
    assert one.names == ["pause_too_long"]
    (notice,) = one.told
    assert notice["id"] == "default/inst_sla_ticket_42/-/1/pause_too_long:paused~20customer~2009~3A20/1"
    assert (notice["time"], notice["data"]["target"]) == ("2026-03-02T10:20:00Z", None)
    assert notice["data"]["pause"] == {"cause": "customer", "event_id": "paused customer 09:20"}
    assert notice["data"]["due_at"] == "2026-03-02T18:00:00Z"
    assert notice["data"]["message"] == (
        "Ticket 42: a pause (customer) is longer than the policy lets one count (policy Support); "
        "clocks that nothing else holds run on."
    )
    one.take([resumed("10:00", "customer", received="12:00")], at("12:00"))
    assert one.names == ["pause_too_long", "withdrawn"]
    assert one.told[1]["data"]["withdraws"] == notice["id"]
    assert (
        "the notice 'pause too long' of Mon 2026-03-02 10:20:00+00:00 no longer holds"
        in (one.told[1]["data"]["message"])
    )


def test_a_pause_that_ends_in_time_holds_nothing_or_has_no_limit_is_not_told() -> None:
    assert long_pauses(paused("09:20", "customer"), resumed("10:20", "customer")) == []
    assert long_pauses(paused("09:20", "customer"), resolved("09:30")) == []
    assert long_pauses(resolved("09:10"), paused("09:20", "customer")) == []
    free = a_snapshot(promise(minutes=480), calendar=ALWAYS, pauses_at_most={"customer": HOUR})
    assert long_pauses(paused("09:20", "vendor"), snapshot=free) == []
    unpausable = a_snapshot(promise(minutes=480, pausable=False), calendar=ALWAYS, **LIMITS)
    assert long_pauses(paused("09:20", "customer"), snapshot=unpausable) == []


def test_each_pause_is_told_once_however_many_clocks_it_holds() -> None:
    both = a_snapshot(promise("first_response", 480), promise(minutes=480), calendar=ALWAYS, **LIMITS)
    events = [paused("09:20", "customer"), paused("09:30", "vendor"), paused("10:40", "customer")]
    again = [resumed("11:40"), paused("12:00", "customer")]
    assert long_pauses(*events, *again, snapshot=both) == [
        ("customer", "paused customer 09:20", at("10:20")),
        ("vendor", "paused vendor 09:30", at("11:30")),
        ("customer", "paused customer 12:00", at("13:00")),
    ]


def test_a_quiet_event_keeps_it_quiet() -> None:
    one = Desk.of(LIMITED, opened("09:00"))
    one.take([quietly(paused("09:20", "customer", received="12:00"))], at("12:00"))
    assert one.names == []
    assert [(firing.key.milestone, firing.skipped) for firing in one.state.ledger] == [
        ("pause_too_long:paused~20customer~2009~3A20", True)
    ]


def test_a_pause_by_a_field_is_limited_as_well() -> None:
    """A pause by a field is limited under its condition's text or `*`, anew each time the condition comes to hold."""
    target = only(plan(BY_FIELD, [opened("09:00"), updated("09:20", status="pending")]))
    assert (target.state, target.resumes_at, target.due_at) == (ClockState.PAUSED, at("11:20"), at("19:00"))
    events = [updated("09:20", status="pending"), updated("12:00", color="red"), updated("12:30", status="pending")]
    target = only(plan(BY_FIELD, [opened("09:00"), *events, resumed("12:40")]))
    assert (target.state, target.paused_for) == (ClockState.RUNNING, 2 * HOUR)
    anew = [
        *events,
        updated("13:00", status="open"),
        updated("13:30", status="pending"),
        updated("14:00", status="open"),
    ]
    assert only(plan(BY_FIELD, [opened("09:00"), *anew])).paused_for == 2 * HOUR + 30 * MINUTE
    assert long_pauses(*events, snapshot=BY_FIELD) == [("status eq pending", events[0].event_id, at("11:20"))]


def test_a_reopening_begins_a_pause_by_a_field_anew() -> None:
    events = [updated("09:20", status="pending"), resolved("12:00"), reopened("13:00")]
    target = only(plan(BY_FIELD, [opened("09:00"), *events]))
    assert (target.state, target.since, target.resumes_at) == (ClockState.PAUSED, at("13:00"), at("15:00"))
    assert [when for _, _, when in long_pauses(*events, snapshot=BY_FIELD)] == [at("11:20"), at("15:00")]


def test_a_condition_may_have_a_limit_of_its_own() -> None:
    own = a_snapshot(HELD, calendar=ALWAYS, pauses_at_most={"status eq pending": 30 * MINUTE, "*": 2 * HOUR})
    assert only(plan(own, [opened("09:00"), updated("09:20", status="pending")])).resumes_at == at("09:50")
    assert Policy.from_json(own.policy.to_json()) == own.policy


def test_two_conditions_that_come_to_hold_with_one_event_are_two_pauses() -> None:
    waiting = {"field": "waiting", "operator": "eq", "value": True}
    other = TargetRule.from_json({"id": "u", "type": "first_response", "hours": 8, "pauses_when": [waiting]})
    snapshot = a_snapshot(HELD, other, calendar=ALWAYS, **LIMITS)
    found = plan(snapshot, [opened("09:00"), updated("09:20", status="pending", waiting=True)]).long_pauses
    assert len({one.milestone for one in found}) == 2


def test_it_is_in_the_plan_and_reads_back_the_same() -> None:
    planned = plan(LIMITED, [opened("09:00"), paused("09:20", "customer")])
    assert planned.long_pauses == (LongPause("customer", "paused customer 09:20", at("10:20")),)
    assert Plan.from_json(planned.to_json()) == planned
    assert next_instant(planned, ()) == (at("10:20"), Key("-", 1, "pause_too_long:paused~20customer~2009~3A20"))
    assert (
        "long_pauses" not in plan(LIMITED, [opened("09:00"), paused("09:20", "customer"), resumed("09:30")]).to_json()
    )


def test_a_pause_that_stops_counting_at_another_instant_is_told_again() -> None:
    one = desk(paused("09:20", "customer"))
    one.look(at("10:20"))
    one.take([paused("09:00", "customer", received="11:00")], at("11:00"))
    assert one.names == ["pause_too_long", "withdrawn", "pause_too_long"]
    assert one.told[2]["time"] == "2026-03-02T10:00:00Z"


def test_an_explanation_names_it() -> None:
    one = desk(paused("09:20", "customer"), acknowledged("11:00"))
    explained = explain(one.history, at("12:00"))
    (shown,) = explanation_view(explained)["long_pauses"]
    assert (shown["cause"], shown["event_id"], shown["planned_at"], shown["generation"]) == (
        "customer",
        "paused customer 09:20",
        "2026-03-02T10:20:00Z",
        1,
    )
    text = explanation_text(explained)
    assert "pauses that count no longer" in text
    assert "pause too long (customer, paused customer 09:20): planned Mon 2026-03-02 10:20:00+00:00, fired" in text
    assert explanation_view(explain(desk(resolved("10:00")).history, at("12:00"))).get("long_pauses") is None


@pytest.mark.parametrize("minute", [0, 30, 59])
def test_what_was_withdrawn_stays_in_the_explanation(minute: int) -> None:
    one = desk(paused("09:20", "customer"))
    one.look(at("10:20"))
    one.take([resumed(f"09:{minute:02}" if minute > 20 else "09:20", "customer", received="11:00")], at("11:00"))
    (shown,) = explanation_view(explain(one.history, at("12:00")))["long_pauses"]
    assert (shown["withdrawn_at"], "cause" in shown) == ("2026-03-02T11:00:00Z", False)
    assert reconcile(one.state.plan, one.state.ledger, at("12:00")) == ()
