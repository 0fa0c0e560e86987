"""Halfway, at risk, breached and escalation steps, measured on the target's own clock."""

from decimal import Decimal

import pytest

from domain.calendar import Calendar
from domain.errors import WorkingTimeExhausted
from domain.instants import parse
from domain.policy.escalations import EscalationRule, EscalationStatus, Trigger
from tests.support.builders import (
    ALWAYS,
    acknowledged,
    at,
    moments,
    opened,
    paused,
    reopened,
    resolution,
    resolved,
    resumed,
    target_of,
    two_clocks,
)


def before(minutes: int, **changes: object) -> EscalationRule:
    rule = {"id": f"before{minutes}", "trigger": "approaching_breach", "threshold_minutes": minutes}
    return EscalationRule.from_json(rule | changes)


def after(minutes: int, **changes: object) -> EscalationRule:
    return EscalationRule.from_json(
        {"id": f"after{minutes}", "trigger": "breached", "delay_minutes": minutes} | changes
    )


def test_halfway_at_risk_and_breached_stand_at_50_75_and_100_percent() -> None:
    assert moments(resolution(opened("09:00"), minutes=240)) == {
        "halfway": at("11:00"),
        "at_risk": at("12:00"),
        "breached": at("13:00"),
    }


def test_a_warning_before_due_never_lands_outside_working_time() -> None:
    target = resolution(opened("16:00"), minutes=90, escalations=(before(30), before(31)))
    assert target.due_at == at("tue 09:30")
    assert moments(target)["escalation:before31"] == at("16:59")
    assert moments(target)["escalation:before30"] == at("17:00")


def test_a_threshold_at_or_before_the_start_fires_at_the_start() -> None:
    """A threshold at or before the start fires at the start, also outside working time."""
    target = resolution(opened("06:00"), minutes=60, escalations=(before(60), before(600)))
    assert moments(target)["escalation:before60"] == at("06:00")
    assert moments(target)["escalation:before600"] == at("06:00")


def test_a_threshold_at_the_start_of_a_clock_that_is_paused_fires_when_it_first_runs() -> None:
    """A threshold at the start of a clock that starts paused fires when it first runs, or never."""
    target = resolution(opened("09:00"), paused("09:00"), resumed("09:30"), escalations=(before(90),))
    assert moments(target)["escalation:before90"] == at("09:30")
    never = resolution(opened("09:00"), resolved("09:00"), escalations=(before(90),))
    assert moments(never)["escalation:before90"] is None


def test_steps_after_the_breach_follow_the_targets_clock() -> None:
    target = resolution(opened("16:00"), minutes=60, escalations=(after(0), after(30)))
    assert moments(target)["escalation:after0"] == at("17:00")
    assert moments(target)["escalation:after30"] == at("tue 09:30")
    held = resolution(opened("09:00"), paused("10:10"), resumed("11:00"), minutes=60, escalations=(after(30),))
    assert moments(held)["escalation:after30"] == at("11:20")


def test_a_step_after_the_breach_does_not_happen_once_the_clock_has_stopped() -> None:
    stopped = resolution(opened("09:00"), resolved("10:20"), minutes=60, escalations=(after(10), after(30)))
    assert moments(stopped)["escalation:after10"] == at("10:10")
    assert moments(stopped)["escalation:after30"] is None
    again = resolution(opened("09:00"), resolved("10:20"), reopened("11:00"), minutes=60, escalations=(after(30),))
    assert moments(again)["escalation:after30"] == at("11:10")


def test_milestones_stand_in_the_order_of_their_thresholds() -> None:
    steps = (
        after(5),
        before(5),
        before(30, id="half"),
        EscalationRule("share", Trigger.APPROACHING_BREACH, percent=Decimal(10)),
    )
    target = resolution(opened("09:00"), escalations=steps)
    assert list(moments(target)) == [
        "escalation:share",
        "halfway",
        "escalation:half",
        "at_risk",
        "escalation:before5",
        "breached",
        "escalation:after5",
    ]


def test_a_step_applies_to_its_target_type_while_it_is_active() -> None:
    steps = (
        before(5, target_type="resolution"),
        before(6, target_type="first_response"),
        before(7, status=EscalationStatus.INACTIVE),
    )
    names = list(moments(resolution(opened("09:00"), escalations=steps)))
    assert "escalation:before5" in names
    assert not {"escalation:before6", "escalation:before7"} & set(names)


def test_a_step_beyond_the_year_2100_never_happens_and_harms_nothing() -> None:
    """An escalation step beyond the year 2100 never happens; a target due beyond it is refused."""
    far = 99 * 365 * 24 * 60
    target = resolution(opened("09:00"), escalations=(after(far),))
    assert (target.due_at, moments(target)[f"escalation:after{far}"]) == (at("10:00"), None)
    with pytest.raises(WorkingTimeExhausted):
        resolution(opened("09:00"), minutes=far)


def test_at_risk_at_100_percent_stands_with_the_breach() -> None:
    target = resolution(opened("09:00"), minutes=60, at_risk_percent=Decimal(100))
    assert moments(target)["at_risk"] == moments(target)["breached"] == at("10:00")


def test_a_share_of_a_budget_is_exact_to_the_microsecond() -> None:
    third = resolution(opened("09:00"), minutes=1, calendar=ALWAYS, at_risk_percent=Decimal("33.3333"))
    assert moments(third)["at_risk"] == at("09:00") + 19_999_980


def test_a_pause_while_waiting_for_one_threshold_skips_none() -> None:
    steps = (EscalationRule("90", Trigger.APPROACHING_BREACH, percent=Decimal(90)),)
    target = resolution(opened("09:00"), paused("09:20"), resumed("09:25"), calendar=ALWAYS, escalations=steps)
    assert list(moments(target).values()) == [at("09:35"), at("09:50"), at("09:59"), at("10:05")]


def test_a_response_that_came_before_any_milestone_leaves_none() -> None:
    both = two_clocks(opened("09:00"), acknowledged("09:05"), resolution=60)
    assert set(moments(target_of(both, "first_response")).values()) == {None}
    assert moments(target_of(both, "resolution"))["breached"] == at("10:00")


def test_a_budget_larger_than_a_week_of_working_time_reaches_into_the_next() -> None:
    minute = Calendar.from_json({"timezone": "UTC", "weekly_hours": {"mon": [["00:00", "00:01"]]}})
    target = resolution(opened("09:00"), minutes=2, calendar=minute)
    assert target.due_at == parse("2026-03-16T00:01:00Z")
