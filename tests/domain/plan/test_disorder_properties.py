"""Whatever the order of arrival and however often an event is told, the plan and what is left of the notices are the
same; times are few, so that many events share an instant."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.instants import MINUTE, Instant
from domain.plan.planning import plan
from domain.policy.snapshot import Snapshot
from domain.record.ledger import Ledger, merge, reconcile
from domain.ticket.events import Event
from tests.domain.clocks import test_laws_of_every_clock as every_clock
from tests.support.strategies import brief, deterministic, histories, tracked_snapshots

randoms = st.randoms(use_true_random=False)
END = Instant(10**16)


def arrivals(events: tuple[Event, ...], random: Any) -> list[Event]:
    """The opening first, for it starts the instance; the others shuffled, some told once more and dated otherwise."""
    opening, *others = events
    told = [*others, *random.sample(others, len(others) // 2)]
    random.shuffle(told)
    seen: set[str] = set()
    arrived = [opening]
    for event in told:
        occurred_at = Instant(event.occurred_at + (MINUTE if event.event_id in seen else 0))
        seen.add(event.event_id)
        received_at = Instant(max(arrived[-1].received_at, opening.received_at) + random.randrange(1, 90 * MINUTE))
        arrived.append(replace(event, occurred_at=occurred_at, received_at=received_at))
    return arrived


def net_notices(snapshot: Snapshot, arrived: list[Event]) -> Counter[tuple[str, Instant]]:
    """What was sent less what was withdrawn, by milestone and planned instant, of an instance that learned of its
    events as they arrived and looks at the clock once more at the end of time."""
    ledger: Ledger = ()
    for count, event in enumerate(arrived, start=1):
        ledger = merge(ledger, reconcile(plan(snapshot, arrived[:count]), ledger, event.received_at))
    ledger = merge(ledger, reconcile(plan(snapshot, arrived), ledger, END))
    sent = Counter((str(firing.key), firing.planned_at) for firing in ledger)
    sent.subtract((str(firing.key), firing.planned_at) for firing in ledger if not firing.stands)
    return +sent


@deterministic
@given(tracked_snapshots(), histories(), randoms)
def test_any_arrival_with_any_duplicates_ends_in_the_same_plan(
    snapshot: Snapshot, events: tuple[Event, ...], random: Any
) -> None:
    assert plan(snapshot, arrivals(events, random)) == plan(snapshot, events)


@deterministic
@given(tracked_snapshots(), histories(), randoms)
def test_any_arrival_with_any_duplicates_leaves_the_same_notices(
    snapshot: Snapshot, events: tuple[Event, ...], random: Any
) -> None:
    assert net_notices(snapshot, arrivals(events, random)) == net_notices(snapshot, list(events))


@brief
@given(every_clock.snapshots(), every_clock.stories(), randoms)
def test_any_arrival_ends_in_the_same_plan_whatever_the_clocks_and_changes(
    snapshot: Snapshot, events: tuple[Event, ...], random: Any
) -> None:
    assert plan(snapshot, arrivals(events, random)) == plan(snapshot, events)
