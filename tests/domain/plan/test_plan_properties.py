"""Laws that hold for the plan of any policy and any history."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Calendar
from domain.instants import Instant, Micros
from domain.plan.milestones import BREACHED
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.plan.status import met
from domain.policy.clocks.clocks import ClockState
from domain.policy.snapshot import Snapshot
from domain.policy.targets import TargetRule
from domain.record.views import instance_view, used_at
from domain.ticket.authors import Role
from domain.ticket.events import Event, EventKind
from domain.ticket.order import in_order
from tests.support.builders import OFFICE, a_snapshot, only
from tests.support.strategies import budgets, calendars, causes, deterministic, histories, instants, tracked_snapshots

PAUSES = (EventKind.PAUSED, EventKind.RESUMED)


def one_clock(calendar: Calendar, budget: Micros, events: Any, **rule: Any) -> Plan:
    return plan(a_snapshot(TargetRule("t", "resolution", None, budget, **rule), calendar=calendar), events)


@deterministic
@given(tracked_snapshots(), histories(), st.randoms(use_true_random=False))
def test_any_order_of_the_same_events_gives_the_same_plan(
    snapshot: Snapshot, events: tuple[Event, ...], random: Any
) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)
    assert plan(snapshot, shuffled) == plan(snapshot, events)


@deterministic
@given(tracked_snapshots(), histories(), st.data())
def test_duplicates_change_nothing_wherever_they_arrive(
    snapshot: Snapshot, events: tuple[Event, ...], data: st.DataObject
) -> None:
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=4))
    late = Instant(events[-1].received_at + 1)
    changed = [
        replace(event, received_at=late, occurred_at=data.draw(instants), cause=data.draw(causes)) for event in repeated
    ]
    assert plan(snapshot, [*repeated, *events, *changed]) == plan(snapshot, events)


def same_facts_again(events: tuple[Event, ...]) -> list[Event]:
    """Each event once more under another id, just after itself."""
    spread = [replace(event, received_at=Instant(event.received_at * 2)) for event in events]
    return [*spread, *(replace(e, event_id=f"{e.event_id}b", received_at=Instant(e.received_at + 1)) for e in spread)]


@deterministic
@given(calendars, budgets, histories())
def test_the_same_fact_told_twice_counts_once(calendar: Calendar, budget: Micros, events: tuple[Event, ...]) -> None:
    assert one_clock(calendar, budget, same_facts_again(events)) == one_clock(calendar, budget, events)


@deterministic
@given(calendars, budgets, histories())
def test_pauses_never_shorten_a_due_time(calendar: Calendar, budget: Micros, events: tuple[Event, ...]) -> None:
    running = [event for event in events if event.kind in (*PAUSES, EventKind.OPENED)]
    due_at = only(one_clock(calendar, budget, running)).due_at
    undisturbed = only(one_clock(calendar, budget, running[:1])).due_at
    assert undisturbed is not None
    assert due_at is None or due_at >= undisturbed


@deterministic
@given(calendars, budgets, histories())
def test_a_target_that_is_not_pausable_ignores_pauses(
    calendar: Calendar, budget: Micros, events: tuple[Event, ...]
) -> None:
    others = [event for event in events if event.kind not in PAUSES]
    assert one_clock(calendar, budget, events, pausable=False) == one_clock(calendar, budget, others)


@deterministic
@given(calendars, budgets, histories())
def test_stopping_exactly_at_due_is_met_and_one_microsecond_later_is_breached(
    calendar: Calendar, budget: Micros, events: tuple[Event, ...]
) -> None:
    running = [event for event in events if event.kind in (*PAUSES, EventKind.OPENED)]
    running = [e for e in running if e.occurred_at <= running[0].occurred_at + budget or e is running[0]]
    target = only(one_clock(calendar, budget, running))
    if target.due_at is None or any(event.occurred_at > target.due_at for event in running):
        return
    received = Instant(max(event.received_at for event in running) + 1)
    due_at = Instant(max(target.due_at, target.since))
    on_time = only(one_clock(calendar, budget, [*running, Event(EventKind.RESOLVED, "r", due_at, received)]))
    late_by_one = Instant(due_at + 1)
    too_late = only(one_clock(calendar, budget, [*running, Event(EventKind.RESOLVED, "r", late_by_one, received)]))
    assert (met(on_time, late_by_one), on_time.due_at) == (True, target.due_at)
    assert (met(too_late, late_by_one), too_late.breached_at, too_late.due_at) == (False, due_at, due_at)


@deterministic
@given(tracked_snapshots(), histories(), instants)
def test_what_a_plan_says_is_consistent_with_itself(
    snapshot: Snapshot, events: tuple[Event, ...], now: Instant
) -> None:
    planned = plan(snapshot, events)
    for target in planned.targets:
        free = [mark for mark in target.milestones if mark.held_since is None]
        moments = [mark.planned_at for mark in free if mark.planned_at is not None]
        thresholds = [mark.threshold for mark in target.milestones]
        assert moments == sorted(moments)
        assert thresholds == sorted(thresholds)
        assert {mark.planned_at for mark in target.milestones if mark.name == BREACHED} == {target.breached_at}
        assert all(moment < target.since for moment in moments) or target.state is ClockState.RUNNING
        assert target.used >= 0
        assert target.paused_for >= 0
        assert (target.remaining or 0) >= 0 or target.breached_at is not None
        assert (target.due_at is None) == (target.state is ClockState.PAUSED and target.breached_at is None)
        assert used_at(target, snapshot.calendar.calendar, now) >= target.used
    assert instance_view(snapshot, planned, (), now)["opened_at"]


@deterministic
@given(calendars, budgets, histories())
def test_a_milestone_of_the_past_stays_as_time_goes_by(
    calendar: Calendar, budget: Micros, events: tuple[Event, ...]
) -> None:
    """Events that come in the order they happen never move what was planned before them."""
    opening, *others = events
    told = [opening, *sorted(others, key=lambda event: (event.occurred_at, event.received_at))]
    told = [replace(event, received_at=Instant(index)) for index, event in enumerate(told)]
    for count in range(1, len(told)):
        before, after = (only(one_clock(calendar, budget, told[:size])) for size in (count, count + 1))
        past = [mark for mark in before.milestones if mark.planned_at and mark.planned_at < told[count].occurred_at]
        assert set(past) <= set(after.milestones)


@deterministic
@given(histories())
def test_time_is_used_exactly_while_the_ticket_is_neither_paused_nor_closed(events: tuple[Event, ...]) -> None:
    """An oracle of its own, around the clock: the state after each event, and the time until the next."""
    opening, *others = in_order(events)
    used, is_open, waiting_for, at = 0, True, set[str](), opening.occurred_at
    for event in others:
        moment = Instant(max(event.occurred_at, at))
        used += moment - at if is_open and not waiting_for else 0
        at = moment
        if event.kind in ("resolved", "cancelled") and not is_open:
            # What is closed cannot close: it ends no pause (docs/semantics.md).
            continue
        waiting_for = pauses_after(event, waiting_for)
        is_open = {"resolved": False, "cancelled": False, "reopened": True}.get(event.kind, is_open)
    target = only(one_clock(Calendar.always(), Micros(60_000_000), events))
    assert (target.state is ClockState.RUNNING) == (is_open and not waiting_for)
    assert used_at(target, Calendar.always(), at) == used


def pauses_after(event: Event, causes: set[str]) -> set[str]:
    if event.kind is EventKind.PAUSED:
        return causes | {event.cause}
    if event.kind is EventKind.RESUMED and event.cause:
        return causes - {event.cause}
    if event.kind is EventKind.CUSTOMER_REPLIED and event.role in (None, Role.CUSTOMER):
        return causes - {"customer"}
    return set() if event.kind in ("resumed", "resolved", "cancelled") else causes


def test_a_plan_takes_no_clock() -> None:
    snapshot = a_snapshot(calendar=OFFICE)
    opening = Event(EventKind.OPENED, "o", Instant(10**15), Instant(10**15))
    assert plan(snapshot, [opening]) == plan(snapshot, iter([opening]))
