"""Rows of docs/semantics.md about events; each docstring is the sentence of its row."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from domain.errors import InvalidValue
from domain.ids import natural_order
from domain.instants import MINUTE, Instant
from domain.plan.planning import plan
from domain.plan.status import InstanceStatus, instance_status, met
from domain.policy.catalog import Catalog
from domain.policy.clocks.clocks import ClockState, OnReopen
from domain.policy.snapshot import Snapshot
from domain.record.ledger import merge, reconcile, standing
from domain.record.notices import notice
from domain.ticket.events import Event, EventKind
from domain.ticket.order import in_order
from domain.ticket.precision import Precision
from tests.support.builders import (
    ALWAYS,
    a_policy,
    a_snapshot,
    a_ticket,
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
    resolution,
    resolved,
    resumed,
    target_of,
    two_clocks,
    updated,
)


def test_events_are_ordered_by_event_time_and_never_by_arrival() -> None:
    """every event has `occurred_at` (source's clock) and `received_at` (ours); the plan orders by `occurred_at`, never by arrival"""  # noqa: E501 - the row is one line
    late_news = [opened("09:00"), resumed("09:40", received="09:40"), paused("09:10", received="09:45")]
    assert resolution(*late_news).due_at == at("10:30")
    tie = paused("09:30", received="09:31"), resumed("09:30", received="09:32")
    swapped = replace(tie[0], received_at=at("09:33")), tie[1]
    assert resolution(opened("09:00"), *tie) == resolution(opened("09:00"), *swapped)


def test_duplicates_change_nothing() -> None:
    """same event id: ignored; same fact twice (two pauses): no effect"""
    once = [opened("09:00"), paused("09:10", "customer", event_id="e1"), resumed("09:40", "customer")]
    same_id = paused("09:20", "vendor", event_id="e1", received="09:50")
    assert resolution(*once, same_id) == resolution(*once)
    again = paused("09:20", "customer", event_id="e2")
    assert resolution(*once, again) == resolution(*once)
    twice = resolution(opened("09:00"), resolved("09:30"), resolved("09:50"), opened("09:20", event_id="o2"))
    assert (twice.stopped_at, twice.started_at) == (at("09:30"), at("09:00"))


def test_an_event_dated_before_the_opening_takes_effect_at_the_opening() -> None:
    """takes effect at the opening"""
    assert resolution(opened("09:00"), resolved("08:00")).stopped_at == at("09:00")
    early = resolution(opened("09:00"), paused("08:00"), resumed("08:30"))
    assert (early.due_at, early.paused_for) == (at("10:00"), 0)
    held = resolution(opened("09:00"), resumed("08:00"), paused("08:30"), resumed("09:30"))
    assert (held.due_at, held.paused_for) == (at("10:30"), 30 * MINUTE)


def test_a_late_event_withdraws_what_should_not_have_happened_and_adds_what_should() -> None:
    """the plan is recomputed; a milestone that should not have happened is withdrawn with a compensating notice, a breach that should have is recorded at its true instant"""  # noqa: E501 - the row is one line
    snapshot = a_snapshot(promise(minutes=60))
    events = [opened("09:00")]
    fired = reconcile(plan(snapshot, events), (), at("10:05"))
    assert [firing.key.milestone for firing in fired] == ["halfway", "at_risk", "breached"]

    corrected = plan(snapshot, [*events, resolved("09:40", received="10:06")])
    changed = reconcile(corrected, fired, at("10:06"))
    assert [(firing.key.milestone, firing.withdrawn_at) for firing in changed] == [
        ("at_risk", at("10:06")),
        ("breached", at("10:06")),
    ]
    letter = notice(snapshot.facts, corrected, changed[1])
    assert (letter["type"], letter["time"]) == ("sla.withdrawn", "2026-03-02T10:00:00Z")
    assert letter["data"]["withdraws"] == notice(snapshot.facts, corrected, fired[2])["id"]

    opened_late = plan(snapshot, [opened("08:00", received="10:10"), paused("09:30"), resumed("09:40")])
    at_once = reconcile(opened_late, (), at("10:11"))
    breach = standing(merge((), at_once))
    assert {key.milestone: firing.planned_at for key, firing in breach.items()}["breached"] == at("10:10")


def test_a_reopening_continues_the_resolution_clock() -> None:
    """continues the resolution clock, closed time excluded; policy option `restart`"""
    events = [opened("09:00"), acknowledged("09:10"), resolved("09:40"), reopened("11:00")]
    both = two_clocks(*events, response=30, resolution=60)
    again = target_of(both, "resolution")
    assert (again.state, again.used, again.due_at) == (ClockState.RUNNING, 40 * MINUTE, at("11:20"))
    assert target_of(both, "first_response").stopped_at == at("09:10")


def test_resolving_counts_as_the_first_response() -> None:
    """resolving counts as the first response"""
    response = target_of(two_clocks(opened("09:00"), resolved("09:20")), "first_response")
    assert (response.stopped_at, met(response, at("09:20"))) == (at("09:20"), True)
    late = target_of(two_clocks(opened("09:00"), resolved("09:40")), "first_response")
    assert (late.breached_at, met(late, at("09:40"))) == (at("09:30"), False)


def test_a_priority_change_keeps_the_original_targets() -> None:
    """keeps the original targets (policy option `retarget`: from the same start, pauses kept)"""
    urgent, low = promise(minutes=60, priority="urgent"), promise(minutes=600, priority="low")
    snapshot = a_snapshot(urgent, low, ticket=a_ticket("urgent"))
    changed = [opened("09:00"), updated("09:05", priority="low")]
    assert plan(snapshot, changed) == plan(snapshot, changed[:1])
    assert plan(snapshot, changed).targets[0].due_at == at("10:00")


def test_a_policy_edit_never_moves_a_running_instance() -> None:
    """never moves a running instance; an explicit re-plan does, with a preview"""
    before = Catalog("default", (a_policy(promise(minutes=60)),), {})
    after = replace(before, policies=(a_policy(promise(minutes=15), version=2),))
    frozen, fresh = (catalog.snapshot(a_ticket(), "2026a") for catalog in (before, after))
    assert frozen is not None
    assert fresh is not None
    stored = Snapshot.from_json(frozen.to_json())
    assert plan(stored, [opened("09:00")]).targets[0].due_at == at("10:00")
    assert plan(fresh, [opened("09:00")]).targets[0].due_at == at("09:15")


def test_a_reopening_after_a_cancel_continues_every_clock_that_was_cancelled() -> None:
    """A reopening after a cancel continues every clock that the cancel ended, unless `on_reopen` begins it again."""
    back = two_clocks(opened("09:00"), cancelled("09:10"), reopened("10:00"), response=30, resolution=60)
    assert [target.state for target in back.targets] == [ClockState.RUNNING, ClockState.RUNNING]
    assert [target.due_at for target in back.targets] == [at("10:20"), at("10:50")]
    afresh = a_snapshot(promise(), calendar=ALWAYS, on_reopen=OnReopen.NEW_CYCLE)
    cycles = plan(afresh, [opened("09:00"), cancelled("09:10"), reopened("10:00")]).targets
    assert [target.started_at for target in cycles] == [at("09:00"), at("10:00")]
    answered = two_clocks(opened("09:00"), acknowledged("09:05"), cancelled("09:10"), reopened("10:00"))
    assert target_of(answered, "first_response").stopped_at == at("09:05")


def test_a_reopening_after_a_breach_keeps_the_breach() -> None:
    """A reopening after a breach keeps the breach and its due instant."""
    target = resolution(opened("09:00"), resolved("10:30"), reopened("11:00"), resolved("11:10"))
    assert (target.due_at, target.breached_at, target.used) == (at("10:00"), at("10:00"), 100 * MINUTE)


def test_a_reopening_of_a_ticket_that_is_open_changes_nothing() -> None:
    """A reopening of a ticket that is open, and a closing of one that is closed, change nothing."""
    assert resolution(opened("09:00"), reopened("09:30")) == resolution(opened("09:00"))
    gone = [opened("09:00"), cancelled("09:10")]
    assert resolution(*gone, resolved("09:20")) == resolution(*gone)
    back = [*gone, paused("09:15", "vendor"), reopened("10:00")]
    for moot in (resolved("09:20"), cancelled("09:20")):
        assert resolution(*back, moot) == resolution(*back)


def test_at_one_instant_the_ticket_and_the_kinds_of_the_events_decide_about_their_order() -> None:
    """At one instant the opening comes first, an open ticket closes last or before it reopens, a resume ends earlier pauses before those of its instant begin; what is left goes by kind, then by event id, numbers in it as numbers."""  # noqa: E501 - the row is one line
    ends = {
        "paused and resumed": (state_after(paused("09:00"), resumed("09:00")), ClockState.RUNNING),
        "from one pause into another": (
            state_after(paused("08:50", "customer"), resumed("09:00"), paused("09:00", "vendor")),
            ClockState.PAUSED,
        ),
        "paused and resolved": (state_after(paused("09:00"), resolved("09:00")), ClockState.STOPPED),
        "resolved and reopened": (state_after(resolved("09:00"), reopened("09:00")), ClockState.RUNNING),
        "back into waiting": (
            state_after(resolved("09:00"), reopened("09:00"), paused("09:00")),
            ClockState.PAUSED,
        ),
        "reopened and resolved again": (
            state_after(resolved("08:50"), reopened("09:00"), resolved("09:00", event_id="again")),
            ClockState.STOPPED,
        ),
        "resolved and withdrawn": (state_after(resolved("09:00"), cancelled("09:00")), ClockState.STOPPED),
        "told twice": (
            state_after(paused("09:00"), paused("09:00", event_id="p2"), resumed("09:00")),
            ClockState.RUNNING,
        ),
    }
    assert {name: found for name, (found, _) in ends.items()} == {name: state for name, (_, state) in ends.items()}
    ids = ["1", "e9", "e10", "e010", "f"]
    same = [updated("09:00", event_id=name, priority="low") for name in ("e10", "f", "1", "e010", "e9")]
    assert ordered_ids(*same) == sorted(ids, key=natural_order) == ["1", "e9", "e010", "e10", "f"]


def ordered_ids(*events: Event) -> list[str]:
    """The events after the opening, in an order that no order of arrival may change."""
    found = {
        tuple(
            one.event_id
            for one in in_order(
                [
                    opened("08:00"),
                    *(replace(one, received_at=Instant(at("12:00") + index)) for index, one in enumerate(order)),
                ]
            )
        )
        for order in permutations(events)
    }
    ((_, *ids),) = found
    return ids


def test_at_one_instant_the_sources_own_order_decides_before_anything_else() -> None:
    """At one instant the `sequence` of the source decides before anything else; events without one come after."""
    told = [
        replace(resolved("09:00"), sequence=2),
        replace(reopened("09:00"), sequence=10),
        replace(updated("09:00", event_id="e10", priority="low"), sequence=7),
        replace(updated("09:00", event_id="e9", priority="high"), sequence=8),
        updated("09:00", event_id="e1", priority="urgent"),
    ]
    assert ordered_ids(*told) == ["resolved  09:00", "e10", "e9", "reopened  09:00", "e1"]
    back = [replace(one, sequence=-(one.sequence or 0)) for one in told[:2]]
    assert ordered_ids(*back) == ["reopened  09:00", "resolved  09:00"]
    assert ordered_ids(replace(told[2], sequence=9, occurred_at=at("09:01")), told[3]) == ["e9", "e10"]


def state_after(*events: Event) -> ClockState:
    """Where the clock stands whatever the order of arrival, which must not matter."""
    told = [
        [replace(event, received_at=Instant(at("12:00") + index)) for index, event in enumerate(order)]
        for order in permutations([opened("08:00"), *events])
    ]
    (state,) = {resolution(*order, minutes=600, calendar=ALWAYS).state for order in told}
    return state


def test_of_two_contents_under_one_id_the_first_to_arrive_counts() -> None:
    """Of two contents under one event id the first to arrive counts; nothing else but several openings and replans depends on arrival."""  # noqa: E501 - the row is one line
    one, other = resolved("09:20", event_id="e", received="09:50"), resolved("09:40", event_id="e", received="09:51")
    assert resolution(opened("09:00"), other, one).stopped_at == at("09:20")
    early = replace(other, received_at=at("09:49"))
    assert resolution(opened("09:00"), one, early).stopped_at == at("09:40")


def test_a_reply_does_not_answer_a_message_of_its_own_instant() -> None:
    """A reply answers the messages before it, not one of its own instant."""
    snapshot = a_snapshot(promise("next_response", 30), calendar=ALWAYS)
    asked, answered = (event(kind, "09:00") for kind in (EventKind.CUSTOMER_REPLIED, EventKind.AGENT_REPLIED))
    for order in permutations([opened("08:00"), asked, answered]):
        told = [replace(one, received_at=Instant(at("12:00") + index)) for index, one in enumerate(order)]
        assert plan(snapshot, told).targets[-1].due_at == at("09:30")


def conversation(asked: Event, answered: Event) -> list[tuple[Instant | None, ClockState]]:
    """The cycles of a next response, whatever the order of arrival: when each began and where it stands."""
    snapshot = a_snapshot(promise("next_response", 30), calendar=ALWAYS)
    found = []
    for order in permutations([opened("08:00"), asked, answered]):
        told = [replace(one, received_at=Instant(at("12:00") + index)) for index, one in enumerate(order)]
        found.append([(one.started_at, one.state) for one in plan(snapshot, told).targets])
    assert all(one == found[0] for one in found)
    return found[0]


@pytest.mark.parametrize(
    ("asked", "precision", "answered"),
    [
        ("09:00:07", Precision.SECOND, True),
        ("09:00:07.999", Precision.SECOND, True),
        ("09:00:08", Precision.SECOND, False),
        ("09:00:50", Precision.MINUTE, True),
        ("09:01:06.999", Precision.MINUTE, True),
        ("09:01:07", Precision.MINUTE, False),
        ("09:00:07", None, False),
    ],
)
def test_a_reply_of_cut_time_answers_the_messages_of_its_second_or_minute(
    asked: str, precision: Precision | None, answered: bool
) -> None:
    """A reply whose `precision` is a second or a minute answers the messages of that second or minute."""
    clock, _, part = asked.partition(".")
    message = event(EventKind.CUSTOMER_REPLIED, clock)
    message = replace(message, occurred_at=Instant(message.occurred_at + int(part or 0) * 1000))
    reply = replace(event(EventKind.AGENT_REPLIED, "09:00:07"), precision=precision)
    came = message.occurred_at
    expected = (min(came, reply.occurred_at), ClockState.STOPPED) if answered else (came, ClockState.RUNNING)
    assert conversation(message, reply)[-1] == expected
    assert Event.from_json(reply.to_json()) == reply


def test_a_message_of_cut_time_is_answered_by_the_reply_of_its_instant() -> None:
    message, reply = (event(kind, "09:00") for kind in (EventKind.CUSTOMER_REPLIED, EventKind.AGENT_REPLIED))
    assert conversation(replace(message, precision=Precision.SECOND), reply)[-1][1] is ClockState.STOPPED


def test_a_message_that_its_source_puts_after_the_reply_is_not_answered_by_it() -> None:
    kinds = (EventKind.CUSTOMER_REPLIED, EventKind.AGENT_REPLIED)
    message, reply = (replace(event(kind, "09:00"), precision=Precision.MINUTE) for kind in kinds)
    after = conversation(replace(message, sequence=8), replace(reply, sequence=7))
    before = conversation(replace(message, sequence=7), replace(reply, sequence=8))
    assert (after[-1][1], before[-1][1]) == (ClockState.RUNNING, ClockState.STOPPED)


def test_a_reply_of_cut_time_is_a_first_response_when_it_says_so() -> None:
    """What it answers is told before it; the reply itself counts at its own instant."""
    reply = replace(event(EventKind.AGENT_REPLIED, "09:00"), precision=Precision.MINUTE)
    message = event(EventKind.CUSTOMER_REPLIED, "09:00:40")
    planned = plan(a_snapshot(promise("first_response", 30), calendar=ALWAYS), [opened("08:30"), message, reply])
    assert (only(planned).stopped_at, only(planned).breached_at) == (at("09:00"), None)


@pytest.mark.parametrize(
    ("field", "value"),
    [("sequence", "7"), ("sequence", 1.5), ("sequence", True), ("sequence", 2**63), ("precision", "hour")],
)
def test_an_order_or_a_precision_that_no_event_has_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(InvalidValue) as refusal:
        Event.from_json({**opened("09:00").to_json(), field: value})
    assert (refusal.value.field, refusal.value.value) == (f"event.{field}", value)


def test_the_first_opening_to_arrive_opens_the_ticket() -> None:
    """The first opening to arrive opens the ticket, whatever its date; the others are ignored."""
    earlier = opened("08:00", received="09:30")
    assert plan(a_snapshot(), [earlier, opened("09:00")]).opened_at == at("09:00")


def test_the_earliest_response_counts_whatever_the_order_of_arrival() -> None:
    """The earliest acknowledgement counts, whatever the order of arrival."""
    replies: list[Event] = [acknowledged("10:00"), acknowledged("09:00", received="10:20")]
    both = two_clocks(opened("08:45", received="08:45"), *replies, response=20)
    response = target_of(both, "first_response")
    assert (response.stopped_at, response.breached_at) == (at("09:00"), None)
    assert moments(response)["breached"] is None


def test_an_untracked_ticket_has_no_clock() -> None:
    """A ticket without any target has no clock and is untracked, as is one whose promises were all taken back."""
    empty = plan(a_snapshot(promise(priority="urgent")), [Event(EventKind.OPENED, "o", at("09:00"), at("09:00"))])
    assert (empty.targets, empty.closed_at) == ((), at("09:00"))
    assert instance_status(empty, at("09:00")) is InstanceStatus.UNTRACKED
