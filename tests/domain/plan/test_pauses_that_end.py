"""Pauses that end by themselves: at an instant, after a length of working time, with an event, by a policy's limit.

Open from 09:00 to 17:00 on working days; the promise is one hour unless the story says otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Calendar
from domain.errors import InvalidValue, WorkingTimeExhausted
from domain.instants import HOUR, MINUTE, Instant, Micros
from domain.plan.measured.pauses import EndedBy
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.plan.status import instance_status
from domain.plan.walk import TicketWalk
from domain.policy.clocks.clocks import ClockState
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from domain.policy.targets import TargetRule
from domain.record.views import instance_view, paused_at, used_at
from domain.ticket.events import Event, EventKind
from domain.ticket.pauses import ENDING_EVENTS, PauseEnd
from tests.support.builders import (
    OFFICE,
    a_policy,
    a_snapshot,
    acknowledged,
    at,
    event,
    moments,
    only,
    opened,
    paused,
    promise,
    reopened,
    resolution,
    resolved,
    resumed,
)
from tests.support.strategies import budgets, calendars, deterministic, histories_with_ends, tracked_snapshots


def until(end: str, when: str, cause: str = "customer") -> Event:
    return replace(paused(when, cause), pause_end=PauseEnd(at=at(end)))


def for_hours(hours: float, when: str, cause: str = "vendor") -> Event:
    return replace(paused(when, cause), pause_end=PauseEnd.from_json({"until": {"hours": hours}}))


def ends_with(kinds: list[str], when: str, cause: str = "vendor") -> Event:
    return replace(paused(when, cause), pause_end=PauseEnd.from_json({"ends_when": kinds}))


def customer_wrote(when: str) -> Event:
    return event(EventKind.CUSTOMER_REPLIED, when)


def ended(*events: Event, **policy: Any) -> list[tuple[str, str, Any]]:
    walk = TicketWalk.of(a_snapshot(promise(minutes=60), **policy), events)
    return [(one.cause, one.by.value, one.at) for one in walk.pauses_ended]


def test_a_pause_with_an_end_is_planned_beyond_it() -> None:
    """A pause with an end has a due instant: the clock runs on there by itself, and milestones follow."""
    target = resolution(opened("09:00"), until("12:00", "09:20"))
    assert (target.state, target.since, target.resumes_at) == (ClockState.PAUSED, at("09:20"), at("12:00"))
    assert (target.due_at, target.breached_at, target.paused_for) == (at("12:40"), at("12:40"), 0)
    assert moments(target) == {"halfway": at("12:10"), "at_risk": at("12:25"), "breached": at("12:40")}


def test_it_is_what_a_resume_at_that_instant_would_have_been() -> None:
    by_itself = plan(a_snapshot(), [opened("09:00"), until("12:00", "09:20"), acknowledged("12:30")])
    told = plan(a_snapshot(), [opened("09:00"), paused("09:20"), resumed("12:00"), acknowledged("12:30")])
    assert by_itself == told


def test_the_target_stands_paused_until_then_and_running_from_then_on() -> None:
    snapshot, events = a_snapshot(promise(minutes=120)), [opened("09:00"), until("12:00", "09:20")]
    planned = plan(snapshot, events)

    def seen(when: str) -> tuple[Any, ...]:
        view = instance_view(snapshot, planned, (), at(when))
        target = view["targets"]["resolution"]
        return (view["status"], *(target[name] for name in ("state", "elapsed_seconds", "paused_seconds")))

    assert seen("11:59:59") == ("paused", "paused", 1200, 9599)
    assert seen("12:00") == ("active", "running", 1200, 9600)
    assert seen("12:10") == ("active", "running", 1800, 9600)
    view = instance_view(snapshot, planned, (), at("11:00"))["targets"]["resolution"]
    assert (view["resumes_at"], view["due_at"]) == ("2026-03-02T12:00:00Z", "2026-03-02T13:40:00Z")
    assert "due_if_resumed_now" not in view


def test_a_plan_with_a_pause_that_ends_reads_back_the_same() -> None:
    planned = plan(a_snapshot(), [opened("09:00"), until("12:00", "09:20")])
    assert Plan.from_json(planned.to_json()) == planned


def test_a_length_is_working_time_of_the_ticket() -> None:
    """A length of a pause is working time, in the hours that the ticket's policy is measured in."""
    target = resolution(opened("15:00"), for_hours(8, "15:30"))
    assert (target.resumes_at, target.due_at) == (at("tue 15:30"), at("tue 16:00"))


def test_a_pause_for_the_customer_ends_with_the_customers_message() -> None:
    """A pause with the cause `customer` ends with the customer's next message, unless `ends_when` says otherwise."""
    target = resolution(opened("09:00"), paused("09:20", "customer"), customer_wrote("10:00"))
    assert (target.state, target.due_at, target.paused_for) == (ClockState.RUNNING, at("10:40"), 40 * MINUTE)
    for told in (paused("09:20", "vendor"), ends_with([], "09:20", "customer")):
        assert resolution(opened("09:00"), told, customer_wrote("10:00")).state is ClockState.PAUSED


@pytest.mark.parametrize(
    ("kind", "is_over"),
    [(EventKind.AGENT_REPLIED, True), (EventKind.ASSIGNED, True), (EventKind.CUSTOMER_REPLIED, False)],
)
def test_any_event_may_end_a_pause(kind: EventKind, is_over: bool) -> None:
    target = resolution(opened("09:00"), ends_with(["agent_replied", "assigned"], "09:20"), event(kind, "10:00"))
    assert target.state is (ClockState.RUNNING if is_over else ClockState.PAUSED)


def test_every_event_may_end_a_pause_but_those_that_do_so_or_begin_anyway() -> None:
    others = {"opened", "paused", "resumed", "resolved", "cancelled", "reset"}
    others |= {"excused", "excuse_undone", "replanned"}
    assert set(ENDING_EVENTS) == {kind.value for kind in EventKind} - others


def test_an_event_at_the_instant_of_the_pause_does_not_end_it() -> None:
    target = resolution(opened("09:00"), customer_wrote("09:20"), paused("09:20", "customer"))
    assert target.state is ClockState.PAUSED


def test_the_first_of_its_ends_ends_a_pause() -> None:
    both = replace(paused("09:20", "customer"), pause_end=PauseEnd(at=at("12:00")))
    assert ended(opened("09:00"), both, customer_wrote("10:00")) == [("customer", "ends_when", at("10:00"))]
    assert ended(opened("09:00"), both, customer_wrote("12:30")) == [("customer", "until", at("12:00"))]
    assert ended(opened("09:00"), both, resumed("11:00")) == []
    assert ended(opened("09:00"), both, resolved("11:00"), reopened("11:30")) == []


def test_a_pause_told_again_before_the_opening_ends_with_the_pause_that_it_is() -> None:
    again = replace(paused("08:30", "customer"), event_id="again")
    target = resolution(opened("09:00"), until("09:00", "08:30", "customer"), again)
    assert (target.state, target.due_at) == (ClockState.RUNNING, at("10:00"))


def test_only_the_pause_that_ends_ends() -> None:
    events = [opened("09:00"), until("12:00", "09:20", "customer"), paused("09:30", "vendor")]
    assert resolution(*events).state is ClockState.PAUSED
    assert resolution(*events).resumes_at is None
    nameless = [opened("09:00"), until("12:00", "09:20", ""), until("14:00", "09:30", "vendor")]
    target = resolution(*nameless)
    assert (target.resumes_at, target.due_at) == (at("14:00"), at("14:40"))


def test_a_pause_told_again_keeps_its_start_and_takes_the_end_it_names() -> None:
    """Told again, a pause keeps its start; an end that it names takes the place of the one before."""
    first = until("12:00", "09:20")
    assert resolution(opened("09:00"), first, until("14:00", "10:00")).resumes_at == at("14:00")
    assert resolution(opened("09:00"), first, paused("10:00", "customer")).resumes_at == at("12:00")
    anew = resolution(opened("09:00"), first, paused("12:00", "customer"), minutes=240)
    assert (anew.state, anew.resumes_at) == (ClockState.PAUSED, None)


def test_a_longer_pause_than_the_policy_allows_stops_counting() -> None:
    """A pause that lasts longer than `pauses_at_most` of the policy holds no clock from then on; `explain` says so."""
    limit: dict[str, Any] = {"pauses_at_most": {"customer": 2 * HOUR}}
    events = [opened("09:00"), paused("09:20", "customer")]
    target = resolution(*events, **limit)
    assert (target.resumes_at, target.due_at) == (at("11:20"), at("12:00"))
    assert ended(*events, **limit) == [("customer", "at_most", at("11:20"))]
    again = resolution(*events, paused("11:40", "customer"), minutes=240, **limit)
    assert (again.state, again.paused_for) == (ClockState.RUNNING, 2 * HOUR)
    anew = resolution(*events, resumed("11:30"), paused("11:40", "customer"), minutes=240, **limit)
    assert (anew.state, anew.resumes_at) == (ClockState.PAUSED, at("13:40"))
    assert ended(opened("09:00"), until("10:00", "09:20"), **limit) == [("customer", "until", at("10:00"))]
    longer = [opened("09:00"), until("12:00", "09:20"), paused("11:50", "customer"), paused("12:10", "customer")]
    assert [by for _, by, _ in ended(*longer, **limit)] == ["at_most", "at_most"]


def test_a_limit_is_that_of_the_cause_or_of_all_others() -> None:
    policy = Policy.from_json({"name": "x", "pauses_at_most": {"customer": {"hours": 40}, "*": {"minutes": 30}}})
    assert (policy.longest_pause("customer"), policy.longest_pause("vendor")) == (40 * HOUR, 30 * MINUTE)
    assert policy.to_json()["pauses_at_most"] == {"customer": {"hours": 40}, "*": {"minutes": 30}}
    assert a_policy().longest_pause("customer") is None


def test_a_limit_is_found_by_its_cause_in_whatever_case() -> None:
    policy = Policy.from_json({"name": "x", "pauses_at_most": {"Customer": {"hours": 40}, "*": {"minutes": 30}}})
    assert {policy.longest_pause(cause) for cause in ("customer", "CUSTOMER")} == {40 * HOUR}
    with pytest.raises(InvalidValue, match="name each cause once, in whatever case, got 'customer'"):
        Policy.from_json({"name": "x", "pauses_at_most": {"Customer": {"hours": 40}, "customer": {"hours": 1}}})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"until": "tomorrow"}, "until"),
        ({"until": 8}, "until"),
        ({"until": {}}, "until"),
        ({"until": {"hours": 1, "minutes": 1}}, "until"),
        ({"until": {"days": 1}}, "until.days"),
        ({"until": {"hours": 0}}, "until.hours"),
        ({"ends_when": "resolved"}, "ends_when"),
        ({"ends_when": ["customer_replied", "paused"]}, "ends_when[1]"),
        ({"ends_when": 7}, "ends_when"),
    ],
)
def test_an_end_that_is_none_is_refused_by_its_field(body: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        PauseEnd.from_json(body)
    assert refusal.value.field == field


def test_an_end_belongs_to_a_pause_and_comes_after_its_start() -> None:
    with pytest.raises(InvalidValue, match="until"):
        until("09:20", "09:20")
    with pytest.raises(InvalidValue, match="is for a pause"):
        replace(resumed("09:20"), pause_end=PauseEnd(at=at("10:00")))


def test_an_end_beyond_the_calendar_is_refused_and_a_limit_beyond_it_never_comes() -> None:
    with pytest.raises(WorkingTimeExhausted):
        resolution(opened("09:00"), for_hours(800_000, "09:20"))
    far: dict[str, Any] = {"pauses_at_most": {"vendor": 800_000 * HOUR}}
    assert resolution(opened("09:00"), paused("09:20", "vendor"), **far).resumes_at is None


def test_an_event_says_its_end_and_reads_back_the_same() -> None:
    for told in (until("12:00", "09:20"), for_hours(8, "09:20"), for_hours(0.25, "09:20"), ends_with([], "09:20")):
        assert Event.from_json(told.to_json()) == told
    assert for_hours(8, "09:20").to_json()["until"] == {"hours": 8}


def test_the_status_follows_the_end_of_the_pause_without_another_event() -> None:
    planned = plan(a_snapshot(promise(minutes=120)), [opened("09:00"), until("12:00", "09:20")])
    assert [instance_status(planned, at(when)).value for when in ("11:00", "12:00", "13:40")] == [
        "paused",
        "active",
        "breached",
    ]
    target = only(planned)
    assert (used_at(target, OFFICE, at("12:20")), paused_at(target, at("12:20"))) == (40 * MINUTE, 160 * MINUTE)


def test_what_ended_a_pause_is_told_with_the_event_that_did() -> None:
    events = [opened("09:00"), paused("09:20", "customer"), customer_wrote("10:00")]
    (one,) = TicketWalk.of(a_snapshot(), events).pauses_ended
    assert (one.event_id, one.by, one.by_event_id) == (events[1].event_id, EndedBy.ENDS_WHEN, events[2].event_id)


@deterministic
@given(calendars, budgets, histories_with_ends())
def test_pauses_that_end_are_what_resumes_at_their_ends_would_have_been(
    calendar: Calendar, budget: Micros, events: tuple[Event, ...]
) -> None:
    snapshot = a_snapshot(TargetRule("t", "resolution", None, budget), calendar=calendar)
    walk = TicketWalk.of(snapshot, events)
    endless = PauseEnd(ends_when=())
    told = [replace(one, pause_end=endless) if one.kind is EventKind.PAUSED else one for one in events]
    last = max(one.received_at for one in events)
    resumes = [
        Event(EventKind.RESUMED, f"end {index}", one.at, Instant(last + 1 + index), cause=one.cause)
        for index, one in enumerate(walk.pauses_ended)
    ]
    by_itself, by_hand = only(walk.plan), only(plan(snapshot, [*told, *resumes]))
    far = Instant(max([by_hand.since, *(one.at for one in walk.pauses_ended)]))
    assert by_itself.as_of(far) == by_hand


@deterministic
@given(tracked_snapshots(), histories_with_ends(), st.randoms(use_true_random=False))
def test_any_order_of_the_same_events_gives_the_same_plan_with_ends(
    snapshot: Snapshot, events: tuple[Event, ...], random: Any
) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)
    planned = plan(snapshot, events)
    assert plan(snapshot, shuffled) == planned
    assert Plan.from_json(planned.to_json()) == planned


@deterministic
@given(calendars, budgets, histories_with_ends())
def test_what_was_planned_before_an_event_stays_where_pauses_end(
    calendar: Calendar, budget: Micros, events: tuple[Event, ...]
) -> None:
    snapshot = a_snapshot(TargetRule("t", "resolution", None, budget), calendar=calendar)
    opening, *others = events
    told = [opening, *sorted(others, key=lambda one: (one.occurred_at, one.received_at))]
    told = [replace(one, received_at=Instant(index)) for index, one in enumerate(told)]
    for count in range(1, len(told)):
        before, after = (only(plan(snapshot, told[:size])) for size in (count, count + 1))
        past = [mark for mark in before.milestones if mark.planned_at and mark.planned_at < told[count].occurred_at]
        assert set(past) <= set(after.milestones)
