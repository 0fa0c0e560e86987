"""What was known at an instant is what the instance itself knew then, whatever it has learned since."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.instants import HOUR
from domain.plan.planning import plan
from domain.plan.status import instance_status
from domain.policy.snapshot import Snapshot
from domain.record.as_of import known_at
from domain.record.ledger import Firing, Key, Ledger, merge, reconcile
from domain.ticket.events import Event, EventKind
from tests.domain.plan.test_disorder_properties import arrivals
from tests.support.builders import a_snapshot, at, opened, promise, resolved
from tests.support.strategies import deterministic, histories, tracked_snapshots


@deterministic
@given(tracked_snapshots(), histories(), st.randoms(use_true_random=False))
def test_at_every_arrival_it_was_known_what_the_instance_knew_then(
    snapshot: Snapshot, events: tuple[Event, ...], random: Any
) -> None:
    arrived = arrivals(events, random)
    ledger: Ledger = ()
    knew = []
    for count, event in enumerate(arrived, start=1):
        planned = plan(snapshot, arrived[:count])
        ledger = merge(ledger, reconcile(planned, ledger, event.received_at))
        knew.append((event.received_at, planned, ledger))
    for instant, planned, fired in knew:
        known = known_at(snapshot, arrived, ledger, instant)
        assert known is not None
        assert (plan(known.snapshot, known.events), known.ledger) == (planned, fired)


def test_a_breach_was_known_until_the_late_event_that_withdrew_it_arrived() -> None:
    snapshot = a_snapshot(promise(minutes=60))
    events = [opened("09:00"), resolved("09:40", received="11:00")]
    fired = reconcile(plan(snapshot, events[:1]), (), at("10:00"))
    ledger = merge(fired, reconcile(plan(snapshot, events), fired, at("11:00")))
    before, after = (known_at(snapshot, events, ledger, at(time)) for time in ("10:59", "11:00"))
    assert before is not None
    assert after is not None
    statuses = [instance_status(plan(known.snapshot, known.events), at("10:59")).value for known in (before, after)]
    assert statuses == ["breached", "met"]
    assert [len([firing for firing in known.ledger if firing.stands]) for known in (before, after)] == [3, 1]


def test_a_delivery_of_later_was_not_known() -> None:
    snapshot, key = a_snapshot(promise(minutes=60)), Key("resolution", 1, "halfway")
    firing = Firing(key, 1, at("09:30"), at("09:30"), delivered_at=at("09:32"))
    for time, delivered_at in (("09:31", None), ("09:32", at("09:32"))):
        known = known_at(snapshot, [opened("09:00")], (firing,), at(time))
        assert known is not None
        assert [one.delivered_at for one in known.ledger] == [delivered_at]


def test_nothing_was_known_before_the_opening_was_received() -> None:
    events = [opened("09:00", received="09:05")]
    assert known_at(a_snapshot(), events, (), at("09:04")) is None
    assert known_at(a_snapshot(), events, (), at("09:05")) is not None


def test_before_a_replan_the_rules_of_the_opening_were_known() -> None:
    before, after = a_snapshot(promise(minutes=60)), a_snapshot(promise(minutes=90))
    replan = Event(EventKind.REPLANNED, "r", at("12:00"), at("12:00"), rules=after.rules)
    events, now = [opened("09:00"), replan], before.under(after.rules)
    budgets = []
    for time in ("11:00", "12:00"):
        known = known_at(now, events, (), at(time))
        assert known is not None
        budgets.append((plan(known.snapshot, known.events).targets[0].budget, known.snapshot.targets[0].budget))
    assert budgets == [(HOUR, HOUR), (1.5 * HOUR, 1.5 * HOUR)]
