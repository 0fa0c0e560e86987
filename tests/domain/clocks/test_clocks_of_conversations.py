"""Clocks that follow the messages of both sides: next response and periodic update."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from domain.instants import HOUR, MINUTE
from domain.plan.planning import plan
from domain.plan.plans import Plan, TargetPlan
from domain.plan.status import InstanceStatus, instance_status
from domain.policy.clocks.clocks import ClockState, OnReopen
from domain.ticket.events import Event, EventKind
from tests.support.builders import (
    ALWAYS,
    a_snapshot,
    acknowledged,
    at,
    cancelled,
    event,
    moments,
    only,
    opened,
    paused,
    promise,
    reopened,
    resolved,
    resumed,
    target_of,
)

customer = partial(event, EventKind.CUSTOMER_REPLIED)
agent = partial(event, EventKind.AGENT_REPLIED)


def planned(type_: str, *events: Event, minutes: int = 60) -> Plan:
    return plan(a_snapshot(promise(type_, minutes), calendar=ALWAYS), [opened("09:00"), *events])


def cycles(type_: str, *events: Event, minutes: int = 60) -> tuple[TargetPlan, ...]:
    return planned(type_, *events, minutes=minutes).targets


@pytest.mark.parametrize("closing", [resolved, cancelled])
@pytest.mark.parametrize("again", [resolved, cancelled])
def test_closing_a_closed_ticket_again_answers_no_message(closing: Any, again: Any) -> None:
    events = [closing("09:30"), customer("10:00"), reopened("11:00")]
    assert cycles("next_response", *events, again("10:30")) == cycles("next_response", *events)
    assert cycles("next_response", *events)[-1].started_at == at("11:00")


def test_a_next_response_is_due_from_the_oldest_unanswered_message() -> None:
    """It is due from the oldest message of the customer that no agent has answered; the opening is none."""
    assert only(planned("next_response")).state is ClockState.WAITING
    target = only(planned("next_response", customer("10:00"), customer("10:20")))
    assert (target.started_at, target.due_at) == (at("10:00"), at("11:00"))


def test_an_answer_settles_the_next_response_and_the_next_message_begins_another() -> None:
    first, second = cycles("next_response", customer("10:00"), agent("10:30"), agent("10:40"), customer("12:00"))
    assert (first.state, first.stopped_at, first.breached_at) == (ClockState.STOPPED, at("10:30"), None)
    assert (second.cycle, second.started_at, second.due_at) == (2, at("12:00"), at("13:00"))


def test_a_message_to_a_closed_ticket_is_owed_an_answer_once_it_is_reopened() -> None:
    first, second = cycles("next_response", customer("10:00"), resolved("10:30"), customer("11:00"), reopened("12:00"))
    assert (first.state, second.started_at, second.due_at) == (ClockState.STOPPED, at("12:00"), at("13:00"))


def test_what_was_answered_by_resolving_is_not_owed_again_after_a_reopening() -> None:
    (answered,) = cycles("next_response", customer("10:00"), resolved("10:30"), reopened("12:00"))
    assert answered.stopped_at == at("10:30")


def test_a_late_answer_divides_the_messages_where_it_belongs() -> None:
    messages = [customer("10:00"), customer("10:50")]
    assert only(planned("next_response", *messages)).due_at == at("11:00")
    first, second = cycles("next_response", *messages, agent("10:40", received="12:00"))
    assert (first.breached_at, second.started_at, second.due_at) == (None, at("10:50"), at("11:50"))


def test_an_agents_first_reply_is_the_first_response() -> None:
    """An agent's reply is the first response, as an acknowledgement and a resolution are."""
    target = only(planned("first_response", agent("09:30")))
    assert (target.state, target.stopped_at) == (ClockState.STOPPED, at("09:30"))


@pytest.mark.parametrize("update", [agent, acknowledged], ids=["a reply", "an acknowledgement"])
def test_an_update_is_owed_again_and_again_until_the_ticket_is_closed(update: partial[Event]) -> None:
    """It begins with the opening, and anew with every reply or acknowledgement until the ticket closes."""
    first, second, third = cycles("periodic_update", update("09:50"), update("11:00"), resolved("11:30"))
    assert (first.state, first.breached_at) == (ClockState.STOPPED, None)
    assert (second.started_at, second.breached_at, second.stopped_at) == (at("09:50"), at("10:50"), at("11:00"))
    assert (third.started_at, third.state, third.breached_at) == (at("11:00"), ClockState.STOPPED, None)


def test_a_reopened_ticket_is_owed_updates_from_the_reopening_on() -> None:
    _, again = cycles("periodic_update", resolved("09:30"), reopened("14:00"))
    assert (again.started_at, again.due_at) == (at("14:00"), at("15:00"))


def test_an_update_during_a_pause_begins_a_cycle_that_is_paused() -> None:
    _, second = cycles("periodic_update", paused("09:30", "vendor"), agent("10:00"), resumed("11:00"))
    assert (second.started_at, second.paused_for, second.due_at) == (at("10:00"), HOUR, at("12:00"))


def test_a_cancelled_ticket_is_owed_nothing_and_once_reopened_what_it_was() -> None:
    gone = only(planned("next_response", customer("10:00"), cancelled("10:20")))
    assert (gone.state, gone.breached_at) == (ClockState.CANCELLED, None)
    back = only(planned("next_response", customer("10:00"), cancelled("10:20"), reopened("12:00")))
    assert back.due_at == at("12:40")


def test_the_milestones_of_each_cycle_are_its_own() -> None:
    first, second = cycles("next_response", customer("10:00"), agent("10:40"), customer("12:00"))
    assert moments(first) == {"halfway": at("10:30")}
    assert moments(second) == {"halfway": at("12:30"), "at_risk": at("12:45"), "breached": at("13:00")}


def test_an_instance_with_a_clock_that_may_start_again_lives_as_long_as_its_ticket() -> None:
    """While a clock may start again, the instance is open as long as its ticket."""
    quiet = planned("next_response")
    assert (quiet.closed_at, instance_status(quiet, at("10:00"))) == (None, InstanceStatus.ACTIVE)
    answered = planned("next_response", customer("10:00"), agent("10:30"))
    assert (answered.closed_at, instance_status(answered, at("11:00"))) == (None, InstanceStatus.ACTIVE)
    done = planned("next_response", customer("10:00"), agent("10:30"), resolved("12:00"))
    assert (done.closed_at, instance_status(done, at("12:00"))) == (at("12:00"), InstanceStatus.MET)
    never_asked = planned("next_response", resolved("12:00"))
    assert (never_asked.closed_at, instance_status(never_asked, at("12:00"))) == (at("12:00"), InstanceStatus.MET)
    withdrawn = planned("next_response", cancelled("12:00"))
    assert instance_status(withdrawn, at("12:00")) is InstanceStatus.CANCELLED


def test_one_late_cycle_among_many_makes_the_instance_breached() -> None:
    late = planned("next_response", customer("10:00"), agent("11:30"), customer("12:00"), agent("12:01"))
    assert instance_status(late, at("13:00")) is InstanceStatus.BREACHED
    assert [target.breached_at for target in late.targets] == [at("11:00"), None]


def test_total_resolution_adds_up_over_all_reopenings() -> None:
    """`total_resolution` adds up the open time over all reopenings, whatever they do to `resolution`."""
    events = [opened("09:00"), resolved("09:40"), reopened("12:00")]
    targets = promise("resolution", 60), promise("total_resolution", 60)
    made = plan(a_snapshot(*targets, calendar=ALWAYS, on_reopen=OnReopen.RESTART), events)
    assert [(one.type, one.cycle, one.due_at) for one in made.targets] == [
        ("resolution", 1, at("10:00")),
        ("resolution", 2, at("13:00")),
        ("total_resolution", 1, at("12:20")),
    ]
    assert target_of(made, "total_resolution").used == 40 * MINUTE
