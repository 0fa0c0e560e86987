"""Clocks that a policy defines on the ticket's fields, and pauses that follow from them."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import InvalidValue
from domain.instants import HOUR, MINUTE
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.plan.walk import TicketWalk
from domain.policy.catalog import Catalog
from domain.policy.clocks.clocks import ClockState, Hold, OnReopen, Span
from domain.policy.policies import OnChange, Policy
from domain.policy.targets import TargetRule
from domain.ticket.conditions.conditions import Condition
from domain.ticket.events import Event
from tests.support.builders import (
    ALWAYS,
    a_policy,
    a_snapshot,
    a_ticket,
    at,
    cancelled,
    only,
    opened,
    paused,
    promise,
    reopened,
    resolved,
    resumed,
    updated,
)

WITH_VENDOR = {"field": "status", "operator": "eq", "value": "with vendor"}
ANSWERED = {"field": "vendor.answer", "operator": "is_set"}
PENDING = {"field": "status", "operator": "in", "value": ["pending", "on_hold"]}


def rule(type_: str = "vendor", **given: Any) -> TargetRule:
    return TargetRule.from_json({"id": "t", "type": type_, "hours": 1, **given})


def vendor(*events: Event, on_reopen: str = "continue", fields: dict[str, Any] | None = None, **given: Any) -> Plan:
    own = rule(starts_when=[WITH_VENDOR], stops_when=[ANSWERED], **given)
    snapshot = a_snapshot(own, calendar=ALWAYS, ticket=a_ticket(**(fields or {})), on_reopen=OnReopen(on_reopen))
    return plan(snapshot, [opened("09:00"), *events])


def pending(*events: Event) -> Plan:
    own = rule("resolution", pauses_when=[PENDING])
    return plan(a_snapshot(own, calendar=ALWAYS), [opened("09:00"), *events])


def test_a_clock_of_ones_own_runs_while_its_conditions_say_so() -> None:
    """It starts once `starts_when` holds and stops once `stops_when` does, or the ticket closes."""
    assert only(vendor()).state is ClockState.WAITING
    running = only(vendor(updated("10:00", status="with vendor")))
    assert (running.started_at, running.due_at) == (at("10:00"), at("11:00"))
    stopped = only(vendor(updated("10:00", status="with vendor"), updated("10:30", vendor={"answer": "yes"})))
    assert (stopped.state, stopped.stopped_at) == (ClockState.STOPPED, at("10:30"))
    closed = only(vendor(updated("10:00", status="with vendor"), resolved("10:20")))
    assert (closed.state, closed.stopped_at) == (ClockState.STOPPED, at("10:20"))


def test_it_starts_at_the_opening_when_the_ticket_opens_that_way() -> None:
    assert only(vendor(fields={"status": "with vendor"})).started_at == at("09:00")


def test_a_start_that_no_longer_holds_does_not_stop_it() -> None:
    target = only(vendor(updated("10:00", status="with vendor"), updated("10:30", status="in work")))
    assert (target.state, target.due_at) == (ClockState.RUNNING, at("11:00"))


def test_it_begins_again_once_its_conditions_hold_anew() -> None:
    first, second = vendor(
        updated("10:00", status="with vendor"),
        updated("10:30", vendor={"answer": "yes"}, status="in work"),
        updated("12:00", vendor={}, status="with vendor"),
    ).targets
    assert (first.stopped_at, second.cycle, second.due_at) == (at("10:30"), 2, at("13:00"))


def test_what_begins_to_hold_while_the_ticket_is_closed_starts_it_at_the_reopening() -> None:
    done = [updated("10:00", status="with vendor"), updated("10:30", vendor={"answer": "yes"}), resolved("11:00")]
    first, second = vendor(*done, updated("12:00", vendor={}), reopened("13:00")).targets
    assert (first.stopped_at, second.started_at) == (at("10:30"), at("13:00"))


@pytest.mark.parametrize(
    ("mode", "due_at", "superseded"),
    [("continue", ["13:40"], [False]), ("restart", ["11:00", "14:00"], [True, False]),
     ("new_cycle", ["11:00", "14:00"], [False, False]), ("ignore", ["11:00"], [False])],
)  # fmt: skip
def test_a_reopening_does_to_it_what_the_policy_says(mode: str, due_at: list[str], superseded: list[bool]) -> None:
    events = updated("10:00", status="with vendor"), resolved("10:20"), reopened("13:00")
    targets = vendor(*events, on_reopen=mode).targets
    assert [target.due_at for target in targets] == [at(text) for text in due_at]
    assert [target.superseded for target in targets] == superseded


def test_a_reopening_does_not_revive_a_clock_whose_conditions_no_longer_hold() -> None:
    events = (
        updated("10:00", status="with vendor"),
        resolved("10:20"),
        updated("11:00", status="new"),
        reopened("12:00"),
    )
    assert only(vendor(*events)).stopped_at == at("10:20")


def test_a_cancelled_ticket_cancels_it() -> None:
    assert only(vendor(updated("10:00", status="with vendor"), cancelled("10:20"))).state is ClockState.CANCELLED


GOLD = Condition("plan", "eq", "gold")
WAITING = {"field": "status", "operator": "eq", "value": "waiting"}


def under_gold(before: TargetRule, after: TargetRule, *events: Event) -> Plan:
    standard = a_policy(before, id="sla_standard", on_change=OnChange.RETARGET)
    gold = a_policy(after, id="sla_gold", conditions=(GOLD,))
    made = Catalog("default", (gold, standard), {}).snapshot(a_ticket(), "t")
    assert made is not None
    return plan(made, [opened("09:00"), *events])


def test_conditions_that_come_with_another_policy_undo_no_start_of_before() -> None:
    before, after = rule(starts_when=[WITH_VENDOR]), rule(starts_when=[WAITING], hours=3)
    target = only(under_gold(before, after, updated("10:00", status="with vendor"), updated("12:00", plan="gold")))
    assert (target.started_at, target.breached_at) == (at("10:00"), at("11:00"))


def test_conditions_that_come_with_another_policy_decide_from_then_on() -> None:
    before, after = rule(starts_when=[WITH_VENDOR]), rule(starts_when=[WAITING], stops_when=[ANSWERED])
    waiting = [updated("10:00", status="waiting"), updated("11:00", plan="gold")]
    assert only(under_gold(before, after, *waiting)).started_at == at("11:00")
    answered = [updated("10:00", status="with vendor", vendor={"answer": "yes"}), updated("10:30", plan="gold")]
    assert only(under_gold(before, after, *answered)).stopped_at == at("10:30")


def test_a_clock_of_ones_own_that_comes_with_a_restart_waits_for_its_conditions_from_then_on() -> None:
    standard = a_policy(promise(), id="sla_standard", on_change=OnChange.RESTART)
    gold = a_policy(rule(starts_when=[WITH_VENDOR]), id="sla_gold", conditions=(GOLD,))
    made = Catalog("default", (gold, standard), {}).snapshot(a_ticket(), "t")
    assert made is not None
    events = [opened("09:00"), updated("09:10", status="with vendor"), updated("09:20", status="open")]
    target = plan(made, [*events, updated("10:00", plan="gold")]).targets[-1]
    assert (target.type, target.state) == ("vendor", ClockState.WAITING)


def test_a_late_update_moves_its_start() -> None:
    early = updated("09:30", status="with vendor", received="12:00")
    assert only(vendor(updated("10:00", status="with vendor"), early)).started_at == at("09:30")


def test_a_field_holds_a_clock_while_its_condition_does() -> None:
    """`pauses_when` holds a clock while the ticket's fields say so, one cause among the others."""
    target = only(pending(updated("09:20", status="pending"), updated("09:50", status="open")))
    assert (target.paused_for, target.due_at) == (30 * MINUTE, at("10:30"))


def test_a_field_and_a_pause_at_once_are_a_union_and_each_keeps_its_share() -> None:
    """Several causes at once are a union; each cause keeps its own share."""
    own = rule("resolution", pauses_when=[PENDING])
    events = [
        opened("09:00"),
        updated("09:10", status="pending"),
        paused("09:20", "vendor"),
        updated("09:40", status="open"),
        resumed("09:50", "vendor"),
    ]
    (measured,) = TicketWalk.of(a_snapshot(own, calendar=ALWAYS), events).cycles
    assert measured.cycle.paused_for == 40 * MINUTE
    assert measured.cycle.held == (
        Hold("status in pending, on_hold", Span(at("09:10"), at("09:40"))),
        Hold("vendor", Span(at("09:20"), at("09:50"))),
    )
    assert measured.target.due_at == at("10:40")


def test_a_field_that_still_says_so_holds_the_clock_after_a_reopening() -> None:
    target = only(pending(updated("09:20", status="pending"), resolved("09:30"), reopened("11:00")))
    assert (target.state, target.since) == (ClockState.PAUSED, at("11:00"))


def test_a_resume_ends_no_pause_that_a_field_asks_for() -> None:
    target = only(pending(updated("09:20", status="pending"), resumed("09:30")))
    assert (target.state, target.since) == (ClockState.PAUSED, at("09:20"))


def test_any_of_several_conditions_can_be_enough() -> None:
    either = {"match": "any", "conditions": [PENDING, {"field": "waiting", "operator": "eq", "value": True}]}
    own = rule("resolution", pauses_when=either)
    events = [opened("09:00"), updated("09:20", waiting=True), updated("10:20", waiting=False)]
    assert only(plan(a_snapshot(own, calendar=ALWAYS), events)).paused_for == HOUR
    assert TargetRule.from_json(own.to_json()) == own


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"type": "vendor"}, "target.type"),
        ({"type": "Vendor!", "starts_when": [WITH_VENDOR]}, "target.type"),
        ({"type": "resolution", "pausable": False, "pauses_when": [PENDING]}, "target.pauses_when"),
        ({"type": "resolution", "pauses_when": []}, "target.pauses_when"),
        ({"type": "resolution", "pauses_when": [{"field": "x", "operator": "near"}]}, "target.pauses_when[0].operator"),
        ({"type": "resolution", "pauses_when": {"conditions": [PENDING], "match": "some"}}, "target.pauses_when.match"),
        ({"type": "vendor", "stops_when": {"match": "any"}}, "target.stops_when.conditions"),
        (
            {"type": "resolution", "hours": None, "by": {"time": "16:00"}, "pauses_when": [PENDING]},
            "target.pauses_when",
        ),
    ],
)
def test_a_clock_that_cannot_be_is_refused_by_name(document: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        TargetRule.from_json({"hours": 1, **document})
    assert refused.value.field == field


def test_a_step_may_name_a_clock_that_its_policy_promises_and_no_other() -> None:
    step = {"id": "e", "trigger": "breached", "target_type": "vendor"}
    policy = a_policy(rule(starts_when=[WITH_VENDOR])).to_json()
    assert Policy.from_json({**policy, "escalations": [step]}).escalations[0].target_type == "vendor"
    with pytest.raises(InvalidValue) as refused:
        Policy.from_json({**a_policy(promise()).to_json(), "escalations": [step]})
    assert (refused.value.field, refused.value.value) == ("escalations[0].target_type", "vendor")
