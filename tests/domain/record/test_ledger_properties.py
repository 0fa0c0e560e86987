"""What has fired always comes to equal what the plan says has happened, whatever was believed before."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.instants import MINUTE, Instant
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.snapshot import Snapshot
from domain.record.ledger import Firing, Key, Ledger, merge, next_instant, reconcile, standing
from domain.record.notices import notice
from domain.ticket.events import Event
from tests.support.builders import a_snapshot, at, opened, paused, promise, resolved, resumed
from tests.support.strategies import deterministic, histories, tracked_snapshots


def happened(planned: Plan, now: Instant) -> dict[Key, Instant]:
    return {
        Key.of(target, mark): mark.planned_at
        for target in planned.targets
        for mark in target.milestones
        if mark.planned_at is not None and mark.planned_at <= now
    }


def stands(ledger: Ledger) -> dict[Key, Instant]:
    return {key: firing.planned_at for key, firing in standing(ledger).items()}


def walk(snapshot: Snapshot, events: tuple[Event, ...], waits: list[int]) -> tuple[Plan, Ledger, Instant]:
    """An instance that learned of its events one after the other, looking at the clock in between."""
    ledger: Ledger = ()
    planned = plan(snapshot, events[:1])
    now = events[0].received_at
    for count, wait in enumerate(waits, start=1):
        planned = plan(snapshot, events[: max(1, count)])
        now = Instant(max(now, events[min(count, len(events)) - 1].received_at) + wait * MINUTE)
        ledger = merge(ledger, reconcile(planned, ledger, now))
    return planned, ledger, now


waits = st.lists(st.integers(0, 900), min_size=10, max_size=10)


@deterministic
@given(tracked_snapshots(), histories(), waits)
def test_what_stands_is_what_the_plan_says_has_happened_whatever_was_planned_before(
    snapshot: Snapshot, events: tuple[Event, ...], waits: list[int]
) -> None:
    planned, ledger, now = walk(snapshot, events, waits)
    assert stands(ledger) == happened(planned, now)


@deterministic
@given(tracked_snapshots(), histories(), waits)
def test_a_second_look_at_the_same_instant_finds_nothing_to_do(
    snapshot: Snapshot, events: tuple[Event, ...], waits: list[int]
) -> None:
    planned, ledger, now = walk(snapshot, events, waits)
    assert reconcile(planned, ledger, now) == ()
    upcoming = next_instant(planned, ledger)
    assert upcoming is None or upcoming[0] > now


@deterministic
@given(tracked_snapshots(), histories(), waits)
def test_no_two_firings_share_a_key_and_a_generation_and_one_of_a_key_stands_at_most(
    snapshot: Snapshot, events: tuple[Event, ...], waits: list[int]
) -> None:
    planned, ledger, _ = walk(snapshot, events, waits)
    ids = [notice(snapshot.facts, planned, firing)["id"] for firing in ledger]
    assert len(ids) == len(set(ids))
    for key in {firing.key for firing in ledger}:
        generations = [firing.generation for firing in ledger if firing.key == key]
        assert generations == list(range(1, len(generations) + 1))
        assert sum(firing.stands for firing in ledger if firing.key == key) <= 1


@deterministic
@given(tracked_snapshots(), histories())
def test_walking_from_one_instant_to_the_next_fires_everything_in_order(
    snapshot: Snapshot, events: tuple[Event, ...]
) -> None:
    planned = plan(snapshot, events)
    ledger: Ledger = ()
    while (upcoming := next_instant(planned, ledger)) is not None:
        fired = reconcile(planned, ledger, upcoming[0])
        assert upcoming[1] in {firing.key for firing in fired}
        assert all(firing.planned_at == firing.fired_at == upcoming[0] for firing in fired)
        ledger = merge(ledger, fired)
    assert set(stands(ledger)) == {
        Key.of(target, mark) for target in planned.targets for mark in target.milestones if mark.planned_at is not None
    }


def test_what_is_withdrawn_comes_before_what_fires_and_the_oldest_fires_first() -> None:
    snapshot = a_snapshot(promise("first_response", 30), promise(minutes=60))
    before = reconcile(plan(snapshot, [opened("09:00")]), (), at("09:45"))
    moved = plan(snapshot, [opened("09:00"), paused("09:05"), resumed("09:10")])
    changed = reconcile(moved, before, at("09:55"))
    assert [(firing.stands, firing.key.target, firing.key.milestone) for firing in changed] == [
        *[(False, firing.key.target, firing.key.milestone) for firing in before],
        (True, "first_response", "halfway"),
        (True, "first_response", "at_risk"),
        (True, "first_response", "breached"),
        (True, "resolution", "halfway"),
        (True, "resolution", "at_risk"),
    ]


def test_a_milestone_that_moved_into_the_future_is_withdrawn_and_fires_again_as_the_next_generation() -> None:
    snapshot = a_snapshot(promise(minutes=60))
    ledger = reconcile(plan(snapshot, [opened("09:00")]), (), at("09:30"))
    moved = plan(snapshot, [opened("09:00"), paused("09:05"), resumed("09:35")])
    ledger = merge(ledger, reconcile(moved, ledger, at("09:36")))
    assert stands(ledger) == {}
    assert next_instant(moved, ledger) == (at("10:00"), Key("resolution", 1, "halfway"))
    (again,) = reconcile(moved, ledger, at("10:00"))
    assert (again.generation, again.planned_at) == (2, at("10:00"))


def test_a_milestone_that_left_the_plan_is_withdrawn_once() -> None:
    snapshot = a_snapshot(promise(minutes=60))
    ledger = reconcile(plan(snapshot, [opened("09:00")]), (), at("09:30"))
    over = plan(snapshot, [opened("09:00"), resolved("09:20")])
    (withdrawn,) = reconcile(over, ledger, at("09:31"))
    assert withdrawn == replace(ledger[0], withdrawn_at=at("09:31"))
    ledger = merge(ledger, [withdrawn])
    assert reconcile(over, ledger, at("12:00")) == ()
    assert next_instant(over, ledger) is None


def test_a_merge_replaces_a_firing_by_its_newer_form_and_keeps_the_order() -> None:
    ledger = tuple(Firing(Key("resolution", 1, name), 1, at("09:30"), at("09:31")) for name in ("halfway", "at_risk"))
    told = replace(ledger[0], delivered_at=at("09:32"))
    assert merge(ledger, [told]) == (told, ledger[1])
    assert Firing.from_json(told.to_json()) == told
