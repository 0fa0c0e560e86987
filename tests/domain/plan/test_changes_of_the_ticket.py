"""What a change of priority or policy, and a reopening, do to the clocks that are going."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.errors import InvalidValue
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import HOUR, MINUTE, Instant, Micros
from domain.plan.facts import PolicyFacts
from domain.plan.planning import plan
from domain.plan.plans import Plan, TargetPlan
from domain.plan.status import InstanceStatus, instance_status, met
from domain.plan.walk import TicketWalk
from domain.policy.catalog import Catalog
from domain.policy.clocks.clocks import CLOCKS, ClockState, Hold, OnReopen, Span
from domain.policy.escalations import EscalationRule, Trigger
from domain.policy.policies import OnChange, Policy, RetargetBreaches
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.policy.targets import TargetRule
from domain.record.ledger import reconcile
from domain.record.views import instance_view, overrun_at
from domain.ticket.conditions.conditions import Condition
from domain.ticket.events import Event
from domain.ticket.tickets import Ticket
from tests.support.builders import (
    ALWAYS,
    OFFICE,
    a_policy,
    a_ticket,
    acknowledged,
    assigned,
    at,
    cancelled,
    moments,
    only,
    opened,
    paused,
    promise,
    reopened,
    resolved,
    resumed,
    target_of,
    updated,
)

BY_PRIORITY = (promise(minutes=240, priority="high"), promise(minutes=120, priority="urgent"))
GOLD = Condition("plan", "eq", "gold")


def frozen(*policies: Policy, ticket: Ticket | None = None, **catalog: Any) -> Snapshot:
    made = Catalog("default", policies, catalog.pop("calendars", {}), **catalog).snapshot(
        ticket or a_ticket("high"), "t"
    )
    assert made is not None
    return made


def by_priority(mode: OnChange, *events: Event, priority: str = "high") -> Plan:
    policy = a_policy(*BY_PRIORITY, on_change=mode)
    return plan(frozen(policy, ticket=a_ticket(priority)), [opened("09:00"), *events])


def urgent(when: str, **times: Any) -> Event:
    return updated(when, priority="urgent", **times)


def high(when: str) -> Event:
    return updated(when, priority="high")


def test_a_change_of_priority_is_kept_out_of_the_clocks_unless_the_policy_says_otherwise() -> None:
    target = only(by_priority(OnChange.KEEP, urgent("10:00")))
    assert (target.due_at, target.policy) == (at("13:00"), None)
    assert frozen(a_policy(*BY_PRIORITY)).alternatives == ()


def test_retarget_measures_by_the_new_target_from_the_same_start() -> None:
    """A clock that is going gets the new target from the same start, with its pauses."""
    target = only(by_priority(OnChange.RETARGET, urgent("10:00")))
    assert (target.started_at, target.due_at, target.budget) == (at("09:00"), at("11:00"), 2 * HOUR)
    assert target.policy == PolicyFacts("sla_1", "Support", 1, "urgent")
    held = only(by_priority(OnChange.RETARGET, paused("09:10"), resumed("09:40"), urgent("10:00")))
    assert (held.due_at, held.paused_for) == (at("11:30"), 30 * MINUTE)


def test_a_new_target_that_is_used_up_already_is_breached_by_the_change_and_not_before_it() -> None:
    """A new target that is used up already is breached by the change; an earlier breach stays."""
    target = only(by_priority(OnChange.RETARGET, urgent("12:00")))
    assert (target.breached_at, target.due_at) == (at("12:00"), at("12:00"))
    assert moments(target)["halfway"] == at("11:00")
    assert moments(target)["at_risk"] == at("12:00")


def test_a_target_breached_before_a_more_generous_one_came_stays_breached_once() -> None:
    target = only(by_priority(OnChange.RETARGET, high("11:30"), priority="urgent"))
    assert (target.breached_at, moments(target)["breached"]) == (at("11:00"), at("11:00"))
    assert only(by_priority(OnChange.RETARGET, high("10:30"), priority="urgent")).due_at == at("13:00")


def forgiving(*events: Event, priority: str = "urgent", **policy: Any) -> Plan:
    modes = {"on_change": OnChange.RETARGET, "retarget_breaches": RetargetBreaches.FORGIVE, **policy}
    return plan(frozen(a_policy(*BY_PRIORITY, **modes), ticket=a_ticket(priority)), [opened("09:00"), *events])


def test_a_longer_target_forgives_a_breach_where_the_policy_says_so() -> None:
    """Under `retarget_breaches: forgive` a target that has time left takes an earlier breach back, and what was warned of too early."""  # noqa: E501 - the row is one line
    target = only(forgiving(high("11:30")))
    assert (target.breached_at, target.due_at) == (at("13:00"), at("13:00"))
    assert moments(target) == {"halfway": at("10:00"), "at_risk": at("12:00"), "breached": at("13:00")}
    in_time = only(forgiving(high("11:30"), resolved("12:30")))
    assert (met(in_time, at("20:00")), in_time.due_at) == (True, at("13:00"))


def test_a_target_that_is_used_up_as_well_forgives_nothing() -> None:
    for change in ("13:00", "14:00"):
        target = only(forgiving(high(change)))
        assert (target.breached_at, moments(target)["at_risk"]) == (at("11:00"), at("10:30"))


def test_what_was_warned_of_without_a_breach_stays_as_it_was() -> None:
    warned = only(forgiving(high("10:45")))
    assert (moments(warned)["at_risk"], warned.due_at) == (at("10:30"), at("13:00"))


def test_the_policy_in_force_at_the_change_decides_whether_a_breach_is_forgiven() -> None:
    forgives = {"on_change": OnChange.RETARGET, "retarget_breaches": RetargetBreaches.FORGIVE}
    for mine, other, due in ((forgives, {}, "13:00"), ({"on_change": OnChange.RETARGET}, forgives, "10:00")):
        standard = a_policy(promise(minutes=60), id="sla_standard", **mine)
        gold = a_policy(promise(minutes=240), id="sla_gold", conditions=(GOLD,), **other)
        made = plan(frozen(gold, standard), [opened("09:00"), updated("10:30", plan="gold")])
        assert only(made).due_at == at(due)


def test_a_step_after_a_forgiven_breach_is_taken_back_and_comes_after_the_next_one() -> None:
    steps = (
        EscalationRule("warning", Trigger.APPROACHING_BREACH, percent=Decimal(50)),
        EscalationRule("lead", Trigger.BREACHED, delay=Micros(10 * MINUTE)),
    )
    found = moments(only(forgiving(high("11:30"), escalations=steps)))
    assert (found["escalation:warning"], found["escalation:lead"]) == (at("10:00"), at("13:10"))
    standard = a_policy(
        promise(minutes=60),
        id="sla_standard",
        escalations=steps,
        on_change=OnChange.RETARGET,
        retarget_breaches=RetargetBreaches.FORGIVE,
    )
    gold = a_policy(promise(minutes=240), id="sla_gold", conditions=(GOLD,))
    elsewhere = moments(only(plan(frozen(gold, standard), [opened("09:00"), updated("10:30", plan="gold")])))
    assert elsewhere["escalation:warning"] == at("09:30")
    assert "escalation:lead" not in elsewhere


def test_a_forgiven_breach_that_was_told_is_withdrawn() -> None:
    policy = a_policy(*BY_PRIORITY, on_change=OnChange.RETARGET, retarget_breaches=RetargetBreaches.FORGIVE)
    snapshot = frozen(policy, ticket=a_ticket("urgent"))
    told = reconcile(plan(snapshot, [opened("09:00")]), (), at("11:15"))
    now = reconcile(plan(snapshot, [opened("09:00"), high("11:30")]), told, at("11:30"))
    assert {(one.key.milestone, one.stands) for one in now} == {("at_risk", False), ("breached", False)}


def test_a_broken_promise_is_that_of_the_policy_in_force_when_its_due_passed() -> None:
    """A broken promise is that of the policy in force when its due passed, whatever changed afterwards."""
    before = only(by_priority(OnChange.RETARGET, high("11:30"), priority="urgent"))
    assert before.policy == PolicyFacts("sla_1", "Support", 1, "high")
    assert before.decided_by == before.breached_under == PolicyFacts("sla_1", "Support", 1, "urgent")
    assert TargetPlan.from_json(before.to_json()) == before
    after = only(by_priority(OnChange.RETARGET, urgent("12:00")))
    assert (after.breached_under, after.decided_by) == (None, PolicyFacts("sla_1", "Support", 1, "urgent"))
    unchanged = only(by_priority(OnChange.KEEP, urgent("12:00")))
    assert unchanged.decided_by is None
    forgiven = only(forgiving(high("11:30")))
    assert (forgiven.breached_under, forgiven.decided_by) == (None, PolicyFacts("sla_1", "Support", 1, "high"))


def test_a_clock_that_had_stopped_is_not_measured_by_what_was_promised_afterwards() -> None:
    target = only(by_priority(OnChange.RETARGET, resolved("12:00"), urgent("12:30")))
    assert (target.breached_at, target.due_at, target.policy) == (None, at("13:00"), None)
    same_instant = only(by_priority(OnChange.RETARGET, resolved("12:00"), urgent("12:00")))
    assert same_instant.breached_at is None
    going_on = only(by_priority(OnChange.RETARGET, resolved("12:00"), urgent("12:30"), reopened("14:00")))
    assert going_on.breached_at == at("14:00")


def test_a_change_while_a_clock_is_paused_counts_at_once() -> None:
    target = only(by_priority(OnChange.RETARGET, paused("11:30"), urgent("12:00")))
    assert (target.state, target.breached_at) == (ClockState.PAUSED, at("12:00"))
    in_time = only(by_priority(OnChange.RETARGET, paused("10:30"), urgent("12:00"), resumed("13:00")))
    assert (in_time.breached_at, in_time.due_at) == (at("13:30"), at("13:30"))


@pytest.mark.parametrize(
    ("pausable", "halfway", "breached"), [((True, False), "14:00", "14:00"), ((False, True), "11:00", "13:00")]
)
def test_what_holds_a_clock_each_promise_says_while_it_is_in_force(
    pausable: tuple[bool, bool], halfway: str, breached: str
) -> None:
    """Each promise says what holds the clock while it is in force; a later one changes nothing before it."""
    before, after = (replace(rule, pausable=may_pause) for rule, may_pause in zip(BY_PRIORITY, pausable, strict=True))
    policy = a_policy(before, after, on_change=OnChange.RETARGET)
    target = only(plan(frozen(policy), [opened("09:00"), paused("09:30"), urgent("14:00")]))
    assert (moments(target)["halfway"], target.breached_at) == (at(halfway), at(breached))


def test_a_late_change_counts_from_when_it_happened() -> None:
    late = urgent("10:00", received="15:00")
    assert only(by_priority(OnChange.RETARGET, late)).due_at == at("11:00")


def test_a_change_that_promises_the_same_is_none() -> None:
    target = only(by_priority(OnChange.RESTART, updated("10:00", colour="blue"), updated("11:00", priority="high")))
    assert (target.cycle, target.due_at, target.policy) == (1, at("13:00"), None)


def test_restart_begins_again_under_the_new_target() -> None:
    """A clock that is going begins again under the new target; what was before counts only if breached."""
    before, after = by_priority(OnChange.RESTART, urgent("10:00")).targets
    assert (before.superseded, before.state, before.breached_at) == (True, ClockState.CANCELLED, None)
    assert (after.cycle, after.started_at, after.due_at) == (2, at("10:00"), at("12:00"))
    made = by_priority(OnChange.RESTART, urgent("10:00"), resolved("11:00"))
    assert instance_status(made, at("11:00")) is InstanceStatus.MET


def test_restart_begins_again_what_is_promised_as_before_too() -> None:
    """`restart` begins every clock that is going again, also one whose own promise stays the same."""
    policy = a_policy(*BY_PRIORITY, promise("first_response", 60), on_change=OnChange.RESTART)
    made = plan(frozen(policy), [opened("09:00"), urgent("09:50")])
    assert target_of(made, "first_response").superseded
    again = made.target("first_response", 2)
    assert again is not None
    assert (again.started_at, again.due_at) == (at("09:50"), at("10:50"))


def test_a_restart_while_the_ticket_is_closed_begins_nothing_again() -> None:
    """A change while the ticket is closed begins nothing again; a reopening that continues a clock measures from its old start."""  # noqa: E501 - the row is one line
    target = only(by_priority(OnChange.RESTART, resolved("12:00"), urgent("12:30"), reopened("14:00")))
    assert (target.cycle, target.started_at, target.breached_at) == (1, at("09:00"), at("14:00"))


def test_a_breach_before_a_restart_stands() -> None:
    made = by_priority(OnChange.RESTART, high("11:30"), resolved("12:00"), priority="urgent")
    assert [target.breached_at for target in made.targets] == [at("11:00"), None]
    assert instance_status(made, at("12:00")) is InstanceStatus.BREACHED


def test_a_restart_leaves_what_had_stopped_alone() -> None:
    policy = a_policy(*BY_PRIORITY, promise("first_response", 30), on_change=OnChange.RESTART)
    made = plan(frozen(policy), [opened("09:00"), acknowledged("09:10"), urgent("10:00")])
    assert [(one.type, one.cycle) for one in made.targets] == [
        ("resolution", 1), ("resolution", 2), ("first_response", 1)
    ]  # fmt: skip


STANDARD = a_policy(promise(minutes=240), promise("first_response", 60), id="sla_standard", on_change=OnChange.RETARGET)
FOR_GOLD = a_policy(promise(minutes=60), id="sla_gold", name="Gold", conditions=(GOLD,), version=7)


def test_a_change_of_fields_leads_to_the_policy_that_then_matches_first() -> None:
    made = plan(frozen(FOR_GOLD, STANDARD), [opened("09:00"), updated("09:30", plan="gold")])
    resolution = target_of(made, "resolution")
    assert (resolution.due_at, resolution.policy) == (at("10:00"), PolicyFacts("sla_gold", "Gold", 7, "high"))
    assert made.versions is not None
    assert (made.versions["policy_id"], made.versions["policy_version"]) == ("sla_gold", 7)


def test_the_example_of_the_glossary_is_what_the_plan_says() -> None:
    """`domain/plan/__init__.py`."""
    standard = replace(STANDARD, targets=(promise(minutes=240),))
    snapshot = frozen(replace(FOR_GOLD, targets=(promise(minutes=120),)), standard)
    changes = updated("11:00", plan="gold")
    events = [opened("09:00"), paused("10:10", "customer"), resumed("10:40"), changes, resolved("11:10")]
    walk = TicketWalk.of(snapshot, events)
    (measured,) = walk.cycles
    assert [(one.policy.id, one.start) for one in walk.policies] == [
        ("sla_standard", at("09:00")),
        ("sla_gold", at("11:00")),
    ]
    assert len(walk.turns) == 5
    assert measured.cycle.ran == (Span(at("09:00"), at("10:10")), Span(at("10:40"), at("11:10")))
    assert measured.cycle.held == (Hold("customer", Span(at("10:10"), at("10:40"))),)
    assert (measured.target.due_at, measured.target.breached_at) == (at("11:30"), None)
    assert moments(measured.target)["halfway"] == at("11:00")


def test_a_promise_that_the_new_policy_does_not_make_is_taken_back() -> None:
    made = plan(frozen(FOR_GOLD, STANDARD), [opened("09:00"), updated("09:30", plan="gold"), resolved("09:50")])
    response = target_of(made, "first_response")
    assert (response.superseded, response.stopped_at, response.breached_at) == (True, at("09:30"), None)
    assert instance_status(made, at("09:50")) is InstanceStatus.MET


def test_a_promise_that_only_the_new_policy_makes_counts_from_the_same_start_or_from_the_change() -> None:
    generous = replace(FOR_GOLD, targets=(*FOR_GOLD.targets, promise("total_resolution", 300)))
    events = [opened("09:00"), updated("09:30", plan="gold")]
    assert target_of(plan(frozen(generous, STANDARD), events), "total_resolution").due_at == at("14:00")
    afresh = replace(STANDARD, on_change=OnChange.RESTART)
    assert target_of(plan(frozen(generous, afresh), events), "total_resolution").due_at == at("14:30")


ONLY_RESOLUTION = a_policy(promise(minutes=600), id="sla_standard")
ANSWERS_TOO = a_policy(promise(minutes=600), promise("first_response", 30), id="sla_gold", conditions=(GOLD,))


@pytest.mark.parametrize("mode", [OnChange.RETARGET, OnChange.RESTART])
@pytest.mark.parametrize("answer", [acknowledged("09:05"), acknowledged("11:00"), resolved("11:00")])
def test_a_promise_that_comes_when_its_clock_has_stopped_makes_none(mode: OnChange, answer: Event) -> None:
    """A clock is there only if it was promised while it was going; a promise that comes too late makes none."""
    snapshot = frozen(ANSWERS_TOO, replace(ONLY_RESOLUTION, on_change=mode))
    made = plan(snapshot, [opened("09:00"), answer, updated("12:00", plan="gold"), resolved("13:00")])
    assert {one.type for one in made.targets} == {"resolution"}
    assert instance_status(made, at("13:00")) is InstanceStatus.MET


def test_a_promise_that_comes_while_the_ticket_is_closed_counts_from_the_reopening_that_continues_its_clock() -> None:
    gold = replace(ANSWERS_TOO, targets=(*ANSWERS_TOO.targets, promise("total_resolution", 150)))
    snapshot = frozen(gold, replace(ONLY_RESOLUTION, on_change=OnChange.RETARGET))
    closed = [opened("09:00"), resolved("11:00"), updated("12:00", plan="gold")]
    assert {one.type for one in plan(snapshot, closed).targets} == {"resolution"}
    going_on = plan(snapshot, [*closed, reopened("13:00")])
    assert {one.type for one in going_on.targets} == {"resolution", "total_resolution"}
    assert target_of(going_on, "total_resolution").due_at == at("13:30")


@pytest.mark.parametrize("mode", [OnChange.RETARGET, OnChange.RESTART])
def test_a_promise_that_is_set_back_after_the_closing_stays_taken_back(mode: OnChange) -> None:
    snapshot = frozen(replace(FOR_GOLD, on_change=mode), replace(STANDARD, on_change=mode))
    events = [opened("09:00"), updated("09:10", plan="gold"), resolved("09:50")]
    before, after = (plan(snapshot, told) for told in (events, [*events, updated("12:00", plan=None)]))
    assert after.targets == before.targets
    response = target_of(after, "first_response")
    assert (response.superseded, response.stopped_at, response.cycle) == (True, at("09:10"), 1)


def test_a_ticket_whose_promises_are_all_taken_back_is_untracked() -> None:
    policy = a_policy(promise(minutes=60, priority="high"), on_change=OnChange.RETARGET)
    in_time, late = (
        plan(frozen(policy), [opened("09:00"), updated(when, priority="low")]) for when in ("09:10", "10:10")
    )
    assert instance_status(in_time, at("09:10")) is InstanceStatus.UNTRACKED
    assert instance_status(late, at("10:10")) is InstanceStatus.BREACHED


@pytest.mark.parametrize("type_", ["next_response", "periodic_update"])
def test_it_is_untracked_too_where_the_ticket_is_still_open(type_: str) -> None:
    policy = a_policy(promise(type_, priority="high"), on_change=OnChange.RETARGET)
    made = plan(frozen(policy), [opened("09:00"), updated("09:10", priority="low")])
    assert instance_status(made, at("09:10")) is InstanceStatus.UNTRACKED


def test_a_promise_that_comes_back_in_time_is_measured_from_the_same_start() -> None:
    following = replace(FOR_GOLD, on_change=OnChange.RETARGET)
    events = [opened("09:00"), updated("09:10", plan="gold"), updated("09:40", plan=None)]
    response = target_of(plan(frozen(following, STANDARD), events), "first_response")
    assert (response.superseded, response.due_at) == (False, at("10:00"))


def test_between_two_restarts_nothing_is_measured_that_nobody_promised() -> None:
    snapshot = frozen(replace(FOR_GOLD, on_change=OnChange.RESTART), replace(STANDARD, on_change=OnChange.RESTART))
    made = plan(snapshot, [opened("09:00"), updated("09:10", plan="gold"), updated("09:40", plan=None)])
    responses = [one for one in made.targets if one.type == "first_response"]
    assert [(one.cycle, one.started_at, one.stopped_at) for one in responses] == [
        (1, at("09:00"), at("09:10")),
        (2, at("09:40"), None),
    ]


@pytest.mark.parametrize("mode", OnReopen)
def test_a_verdict_stays_when_its_promise_is_taken_back_afterwards(mode: OnReopen) -> None:
    standard = a_policy(promise(minutes=60), id="sla_standard", on_change=OnChange.RETARGET)
    gold = a_policy(promise("total_resolution", 60), id="sla_gold", conditions=(GOLD,), on_reopen=mode)
    events = [opened("09:00"), resolved("09:40"), updated("10:00", plan="gold"), reopened("11:00")]
    target = target_of(plan(frozen(gold, standard), events), "resolution")
    assert (target.state, target.stopped_at, target.superseded) == (ClockState.STOPPED, at("09:40"), False)


def test_the_policy_that_is_in_force_decides_about_the_next_change() -> None:
    """The policy in force when the ticket changes decides what the change does."""
    events = [opened("09:00"), updated("09:30", plan="gold"), updated("09:40", plan="none")]
    assert target_of(plan(frozen(FOR_GOLD, STANDARD), events), "resolution").due_at == at("10:00")
    following = replace(FOR_GOLD, on_change=OnChange.RETARGET)
    assert target_of(plan(frozen(following, STANDARD), events), "resolution").due_at == at("13:00")


REOPENED_AT_TEN = [opened("09:00"), resolved("09:50"), reopened("10:00")]


@pytest.mark.parametrize(
    ("before", "after", "cycles"),
    [
        (OnReopen.NEW_CYCLE, OnReopen.CONTINUE, [(None, False), ("14:00", False)]),
        (OnReopen.RESTART, OnReopen.CONTINUE, [(None, True), ("14:00", False)]),
        (OnReopen.CONTINUE, OnReopen.NEW_CYCLE, [("10:10", False)]),
    ],
)
def test_what_a_reopening_did_no_later_policy_undoes(
    before: OnReopen, after: OnReopen, cycles: list[tuple[str | None, bool]]
) -> None:
    """What an event does to a clock is decided by the policy in force when it happens."""
    standard = a_policy(promise(minutes=60), id="sla_standard", on_change=OnChange.RETARGET, on_reopen=before)
    gold = a_policy(promise(minutes=240), id="sla_gold", conditions=(GOLD,), on_reopen=after)
    made = plan(frozen(gold, standard), [*REOPENED_AT_TEN, updated("10:30", plan="gold")])
    breaches = [(None if time is None else at(time), superseded) for time, superseded in cycles]
    assert [(one.breached_at, one.superseded) for one in made.targets] == breaches


def test_the_policy_in_force_at_a_reopening_decides_what_it_does() -> None:
    standard = a_policy(promise(minutes=60), id="sla_standard", on_change=OnChange.RETARGET)
    gold = a_policy(promise(minutes=240), id="sla_gold", conditions=(GOLD,), on_reopen=OnReopen.NEW_CYCLE)
    closed = [opened("09:00"), resolved("09:50"), updated("09:55", plan="gold"), reopened("10:00")]
    assert [one.due_at for one in plan(frozen(gold, standard), closed).targets] == [at("10:00"), at("14:00")]


@pytest.mark.parametrize("mode", [OnChange.RETARGET, OnChange.RESTART])
def test_a_ticket_that_leaves_every_policy_is_promised_nothing_any_more(mode: OnChange) -> None:
    """A ticket that no policy chooses any more loses its promise, as one that goes to a policy without targets."""
    only_gold = replace(FOR_GOLD, on_change=mode)
    snapshot = frozen(only_gold, ticket=a_ticket("high", plan="gold"))
    story = [opened("09:00"), updated("09:30", plan="none")]
    left = plan(snapshot, story)
    assert (only(left).state, only(left).superseded, only(left).due_at) == (ClockState.CANCELLED, True, at("10:00"))
    assert instance_status(left, at("11:00")) is InstanceStatus.UNTRACKED
    without = a_policy(id="sla_none", targets=(), on_change=mode)
    gone = plan(frozen(only_gold, without, ticket=a_ticket("high", plan="gold")), story)
    assert [replace(one, policy=None) for one in left.targets] == [replace(one, policy=None) for one in gone.targets]


def test_a_ticket_that_comes_back_to_a_policy_is_promised_its_targets_again() -> None:
    only_gold = replace(FOR_GOLD, on_change=OnChange.RETARGET)
    snapshot = frozen(only_gold, ticket=a_ticket("high", plan="gold"))
    back = [opened("09:00"), updated("09:30", plan="none"), updated("09:40", plan="gold")]
    assert (only(plan(snapshot, back)).due_at, only(plan(snapshot, back)).superseded) == (at("10:00"), False)


def test_a_breach_stays_when_the_ticket_leaves_every_policy_afterwards() -> None:
    only_gold = replace(FOR_GOLD, on_change=OnChange.RETARGET)
    snapshot = frozen(only_gold, ticket=a_ticket("high", plan="gold"))
    left = only(plan(snapshot, [opened("09:00"), updated("10:30", plan="none")]))
    assert (left.breached_at, left.superseded) == (at("10:00"), True)


@pytest.mark.parametrize(
    ("before", "after", "change", "due"), [(240, 60, "11:00", "11:00"), (60, 240, "10:30", "10:00")]
)
def test_the_overrun_of_a_changed_target_is_the_working_time_from_its_due(
    before: int, after: int, change: str, due: str
) -> None:
    """`overrun_seconds` is the working time from the due instant that passed to the stop, or to now."""
    policy = a_policy(
        promise(minutes=before, priority="high"), promise(minutes=after, priority="urgent"), on_change=OnChange.RETARGET
    )
    snapshot = frozen(policy)
    stopped = only(plan(snapshot, [opened("09:00"), urgent(change), resolved("12:00")]))
    assert (stopped.due_at, overrun_at(stopped, ALWAYS, at("15:00"))) == (at(due), at("12:00") - at(due))
    going = only(plan(snapshot, [opened("09:00"), urgent(change)]))
    assert overrun_at(going, ALWAYS, at("15:00")) == at("15:00") - at(due)
    assert overrun_at(going, ALWAYS, at("09:30")) == 0
    assert TargetPlan.from_json(stopped.to_json()) == stopped


def test_pauses_after_the_breach_are_no_overrun() -> None:
    events = [opened("09:00"), high("11:30"), paused("12:00"), resumed("13:00"), resolved("14:00")]
    target = only(plan(frozen(a_policy(*BY_PRIORITY, on_change=OnChange.RETARGET), ticket=a_ticket("urgent")), events))
    assert (target.due_at, overrun_at(target, ALWAYS, at("15:00"))) == (at("11:00"), 2 * HOUR)


def test_the_new_policy_is_measured_in_its_own_calendar() -> None:
    calendars = {"bh_office": CalendarVersion(OFFICE, "bh_office", 2)}
    office = replace(FOR_GOLD, business_hours=True, business_hours_id="bh_office", targets=(promise(minutes=120),))
    snapshot = frozen(office, STANDARD, calendars=calendars)
    made = plan(snapshot, [opened("16:00"), updated("16:30", plan="gold")])
    assert target_of(made, "resolution").due_at == at("tue 10:00")
    view = instance_view(snapshot, made, (), at("20:00"))
    assert view["targets"]["resolution"]["elapsed_seconds"] == 3600
    assert Snapshot.from_json(snapshot.to_json()) == snapshot


def test_a_policy_that_cannot_be_measured_is_no_alternative_and_harms_nothing() -> None:
    broken = replace(FOR_GOLD, business_hours=True, business_hours_id="bh_gone")
    snapshot = frozen(broken, STANDARD)
    assert [one.policy.id for one in snapshot.alternatives] == ["sla_standard"]


def test_an_assignment_can_change_the_policy_too() -> None:
    of_network = replace(FOR_GOLD, conditions=(Condition("team_id", "eq", "network"),))
    made = plan(frozen(of_network, STANDARD), [opened("09:00"), assigned("network", "09:30")])
    assert target_of(made, "resolution").due_at == at("10:00")


def test_an_owned_ticket_is_retargeted_stint_by_stint() -> None:
    policy = a_policy(*BY_PRIORITY, on_change=OnChange.RETARGET, kind=Kind.OLA)
    ticket = Ticket(InstanceId(Kind.OLA, SubjectType.TICKET, "42"), "high", team_id="network")
    events = [opened("09:00"), urgent("10:00"), assigned("billing", "10:30")]
    made = plan(frozen(policy, ticket=ticket), events)
    assert [(one.team_id, one.due_at, one.state) for one in made.targets] == [
        ("network", at("11:00"), ClockState.STOPPED),
        ("billing", at("12:30"), ClockState.RUNNING),
    ]


@pytest.mark.parametrize("mode", OnReopen)
def test_a_reopening_does_to_the_resolution_clock_what_the_policy_says(mode: OnReopen) -> None:
    """`restart` begins again in place of the cycle before, `new_cycle` beside it; under `ignore` a verdict stays."""
    policy = a_policy(promise(minutes=60), on_reopen=mode)
    assert after_a_reopening(policy) == REOPENED[mode]


def after_a_reopening(policy: Policy) -> list[tuple[int, str, Instant | None, bool]]:
    made = plan(frozen(policy), [opened("09:00"), resolved("09:40"), reopened("12:00")])
    return [(one.cycle, one.state.value, one.due_at, one.superseded) for one in made.targets]


RUNNING = (2, "running", at("13:00"), False)
REOPENED = {
    OnReopen.CONTINUE: [(1, "running", at("12:20"), False)],
    OnReopen.RESTART: [(1, "cancelled", at("10:00"), True), RUNNING],
    OnReopen.NEW_CYCLE: [(1, "stopped", at("10:00"), False), RUNNING],
    OnReopen.IGNORE: [(1, "stopped", at("10:00"), False)],
}


@pytest.mark.parametrize("mode", OnReopen)
@pytest.mark.parametrize("of_policy", OnReopen)
def test_what_a_target_says_of_a_reopening_goes_over_what_its_policy_says(mode: OnReopen, of_policy: OnReopen) -> None:
    """A target's own `on_reopen` goes over that of its policy."""
    policy = a_policy(replace(promise(minutes=60), on_reopen=mode), on_reopen=of_policy)
    assert after_a_reopening(policy) == REOPENED[mode]
    assert TargetRule.from_json(policy.targets[0].to_json()) == policy.targets[0]


def test_a_kept_promise_stays_kept_where_reopenings_are_ignored() -> None:
    policy = a_policy(promise(minutes=60), promise("total_resolution", 300), on_reopen=OnReopen.IGNORE)
    made = plan(frozen(policy), [opened("09:00"), resolved("09:40"), reopened("12:00"), resolved("20:00")])
    kept, whole = made.targets
    assert (kept.stopped_at, met(kept, at("21:00"))) == (at("09:40"), True)
    assert (whole.stopped_at, met(whole, at("21:00"))) == (at("20:00"), False)


def test_what_a_cancel_ended_runs_on_even_where_reopenings_are_ignored() -> None:
    policy = a_policy(promise(minutes=60), on_reopen=OnReopen.IGNORE)
    target = only(plan(frozen(policy), [opened("09:00"), cancelled("09:40"), reopened("12:00")]))
    assert (target.state, target.due_at) == (ClockState.RUNNING, at("12:20"))


@pytest.mark.parametrize("type_", [name for name, rule in CLOCKS.items() if not rule.follows_reopen])
def test_a_target_whose_clock_has_its_own_rule_for_reopenings_takes_no_other(type_: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        TargetRule.from_json({"id": "t", "type": type_, "hours": 1, "on_reopen": "ignore"}, "targets[0]")
    assert (refusal.value.field, refusal.value.value) == ("targets[0].on_reopen", "ignore")


def test_of_several_cycles_the_latest_is_shown_and_the_earlier_ones_beside_it() -> None:
    policy = a_policy(promise(minutes=60), on_reopen=OnReopen.NEW_CYCLE)
    snapshot = frozen(policy)
    made = plan(snapshot, [opened("09:00"), resolved("10:30"), reopened("12:00"), resolved("12:10")])
    view = instance_view(snapshot, made, (), at("13:00"))
    assert (view["targets"]["resolution"]["cycle"], view["targets"]["resolution"]["met"]) == (2, True)
    assert [(one["type"], one["cycle"], one["met"]) for one in view["earlier_cycles"]] == [("resolution", 1, False)]
    assert view["status"] == "breached"
    assert "earlier_cycles" not in instance_view(snapshot, plan(snapshot, [opened("09:00")]), (), at("09:01"))


def test_a_plan_of_several_terms_reads_back_the_same() -> None:
    made = by_priority(OnChange.RESTART, urgent("10:00"))
    assert Plan.from_json(made.to_json()) == made


def test_a_policy_keeps_what_it_does_on_changes_and_reopenings() -> None:
    policy = a_policy(*BY_PRIORITY, on_change=OnChange.RESTART, on_reopen=OnReopen.NEW_CYCLE)
    assert Policy.from_json(policy.to_json()) == policy


def reach(target: TargetPlan, name: str) -> Instant | None:
    return moments(target)[name]


def test_the_steps_of_the_policy_that_is_left_behind_no_longer_come() -> None:
    """Vendor case C120 (GLPI): old levels are removed, those that happened stay."""
    made = plan(frozen(FOR_GOLD, STANDARD), [opened("09:00"), updated("11:30", plan="gold")])
    target = target_of(made, "resolution")
    assert reach(target, "halfway") == at("11:00")
    assert reach(target, "breached") == at("11:30")


def test_a_stretch_of_no_length_has_the_promise_of_its_instant() -> None:
    """A reopening, a change and a closing at one instant come in this order, so the change came before the stop."""
    by = {
        hour: TargetRule.from_json({"id": "t", "type": "resolution", "by": {"time": hour}})
        for hour in ("16:00", "20:00")
    }
    closed = (opened("10:00"), resolved("11:00"), reopened("18:00"))
    for before, after, breached_at in (("16:00", "20:00", None), ("20:00", "16:00", at("18:00"))):
        standard = a_policy(by[before], id="sla_standard", on_change=OnChange.RETARGET)
        gold = a_policy(by[after], id="sla_gold", conditions=(GOLD,))
        for changed_at in ("14:00", "18:00"):
            events = (*closed, updated(changed_at, plan="gold"), resolved("18:00"))
            target = only(plan(frozen(gold, standard), events))
            assert (target.due_at, target.breached_at, target.stopped_at) == (at(after), breached_at, at("18:00"))


def test_a_promise_that_is_taken_back_as_the_clock_stops_is_still_missed_by_the_reopening() -> None:
    rule = TargetRule.from_json({"id": "t", "type": "resolution", "by": {"time": "16:00"}})
    standard = a_policy(rule, id="sla_standard", on_change=OnChange.RETARGET)
    gold = a_policy(promise("first_response"), id="sla_gold", conditions=(GOLD,))
    events = [opened("10:00"), resolved("11:00"), reopened("18:00"), updated("18:00", plan="gold"), resolved("18:00")]
    target = target_of(plan(frozen(gold, standard), events), "resolution")
    assert (target.state, target.breached_at, target.superseded) == (ClockState.STOPPED, at("18:00"), False)
