"""Rows of docs/semantics.md about pauses; each docstring is the sentence of its row."""

from domain.instants import HOUR, MINUTE
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.clocks.clocks import ClockState
from domain.record.views import instance_view
from tests.support.builders import (
    a_snapshot,
    at,
    moments,
    only,
    opened,
    paused,
    promise,
    reopened,
    resolution,
    resolved,
    resumed,
    target_of,
    two_clocks,
)


def test_pauses_are_the_union_of_intervals_by_cause() -> None:
    """union of intervals by cause; a pause outside working time costs nothing; an open pause ends at resolve"""
    overlapping = [
        opened("09:00"),
        paused("09:10", "customer"),
        paused("09:20", "vendor"),
        resumed("09:40", "customer"),
        resumed("09:50", "vendor"),
    ]
    target = resolution(*overlapping, minutes=60)
    assert (target.due_at, target.paused_for) == (at("10:40"), 40 * MINUTE)

    overnight = resolution(opened("16:00"), paused("17:30"), resumed("tue 08:30"), minutes=120)
    assert overnight.due_at == resolution(opened("16:00"), minutes=120).due_at == at("tue 10:00")

    ended = resolution(opened("09:00"), paused("09:10"), resolved("09:30"), reopened("10:00"), minutes=60)
    assert (ended.state, ended.due_at, ended.paused_for) == (ClockState.RUNNING, at("10:50"), 20 * MINUTE)


def test_every_target_pauses_unless_it_says_otherwise() -> None:
    """every target, unless the target says `pausable: false`"""
    events = [opened("09:00"), paused("09:10"), resumed("09:40")]
    both = two_clocks(*events, response=30, resolution=60)
    assert [target.due_at for target in both.targets] == [at("10:00"), at("10:30")]
    steady = only(plan(a_snapshot(promise(minutes=60, pausable=False)), events[:2]))
    assert (steady.state, steady.due_at, steady.paused_for) == (ClockState.RUNNING, at("10:00"), 0)


def test_a_paused_target_has_no_due_instant() -> None:
    """no due instant unless the pause ends by itself; `remaining_seconds` and `due_if_resumed_now` instead"""
    snapshot = a_snapshot(promise(minutes=60))
    waiting = plan(snapshot, [opened("09:00"), paused("09:20")])
    assert (only(waiting).due_at, only(waiting).breached_at) == (None, None)
    assert only(waiting).remaining == 40 * MINUTE
    assert set(moments(only(waiting)).values()) == {None}

    view = instance_view(snapshot, waiting, (), at("16:30"))["targets"]["resolution"]
    assert (view["due_at"], view["met"]) == (None, None)
    assert (view["elapsed_seconds"], view["remaining_seconds"]) == (20 * 60, 40 * 60)
    assert view["paused_seconds"] == (at("16:30") - at("09:20")) // 1_000_000
    assert view["due_if_resumed_now"] == "2026-03-03T09:10:00Z"


def test_an_event_at_a_milestones_instant_comes_first() -> None:
    """the event comes first"""
    held = resolution(opened("09:00"), paused("09:30"), minutes=60)
    assert moments(held)["halfway"] is None
    stopped = resolution(opened("09:00"), resolved("09:30"), minutes=60)
    assert moments(stopped) == {"halfway": None, "at_risk": None, "breached": None}
    going_on = resolution(opened("09:00"), paused("09:30"), resumed("10:00"), minutes=60)
    assert moments(going_on) == {"halfway": at("10:00"), "at_risk": at("10:15"), "breached": at("10:30")}


def test_a_milestone_that_falls_exactly_on_a_pause_happens_at_the_resume() -> None:
    """A milestone that falls exactly on a pause happens at the resume, also outside working time."""
    events = [opened("16:00"), paused("17:00"), resumed("20:00")]
    assert resolution(*events, minutes=60).due_at == at("20:00")
    assert resolution(*events, resolved("20:00"), minutes=60).breached_at is None
    # One second of work left, and it is the next opening that spends it.
    late = [opened("16:00:01"), paused("17:00"), resumed("20:00")]
    assert resolution(*late, minutes=60).due_at == at("tue 09:00:01")


def test_a_pause_and_resume_at_one_instant_change_nothing() -> None:
    """A pause and its resume at one instant change nothing."""
    touched = [opened("09:00"), paused("09:30", received="09:30"), resumed("09:30", received="09:31")]
    assert moments(resolution(*touched)) == moments(resolution(opened("09:00")))
    assert resolution(*touched).paused_for == 0


def test_a_resume_that_names_a_cause_ends_that_pause_only() -> None:
    """A resume that names a cause ends that pause only; one that names none ends all of them."""
    held = [opened("09:00"), paused("09:10", "customer"), paused("09:20", "vendor")]
    assert resolution(*held, resumed("09:40", "customer")).state is ClockState.PAUSED
    assert resolution(*held, resumed("09:40", "somebody else")).state is ClockState.PAUSED
    assert resolution(*held, resumed("09:40")).due_at == at("10:30")


def test_a_paused_target_that_was_breached_before_keeps_its_due() -> None:
    """A target that was breached before the pause keeps its due instant and its breach."""
    target = resolution(opened("09:00"), paused("10:30"), minutes=60)
    assert (target.state, target.due_at, target.breached_at) == (ClockState.PAUSED, at("10:00"), at("10:00"))
    assert target.remaining == -30 * MINUTE


def test_a_pause_that_begins_while_the_ticket_is_closed_takes_hold_at_the_reopening() -> None:
    """A pause that begins while the ticket is closed takes hold at the reopening."""
    closed = [opened("09:00"), resolved("09:20"), paused("09:30", "customer")]
    assert resolution(*closed).state is ClockState.STOPPED
    held = resolution(*closed, reopened("10:00"))
    assert (held.state, held.since, held.paused_for) == (ClockState.PAUSED, at("10:00"), 0)


def test_paused_seconds_are_wall_time() -> None:
    """`paused_seconds` is wall time, nights and weekends included; elapsed and remaining are working time."""
    target = resolution(opened("16:00"), paused("16:30"), resumed("tue 09:30"), minutes=60)
    assert target.paused_for == 17 * HOUR
    assert (target.used, target.due_at) == (30 * MINUTE, at("tue 10:00"))


def test_a_ticket_that_is_paused_as_it_opens_has_used_nothing() -> None:
    """A ticket that is paused as it opens starts its clocks at the opening and uses nothing until the resume."""
    both: Plan = two_clocks(opened("09:00"), paused("09:00"), resumed("11:00"))
    response = target_of(both, "first_response")
    assert (response.started_at, response.used, response.due_at) == (at("09:00"), 0, at("11:30"))
