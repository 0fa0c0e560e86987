"""The record of any instance holds, whatever its rules, its story and the order in which it learned of it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.instants import DAY, Instant
from domain.plan.planning import plan
from domain.policy.snapshot import Snapshot
from domain.record.chain import FORMAT, NOTHING_BEFORE, link_hash, verify
from domain.ticket.events import Event
from tests.domain.clocks import test_laws_of_every_clock as every_clock
from tests.domain.plan.test_disorder_properties import arrivals
from tests.domain.record.test_chain import planned
from tests.support.strategies import brief
from workflows.signals import SignalledEvent
from workflows.state.instance_state import InstanceState
from workflows.state.serializing import new_state, state_document, state_from


@brief
@given(every_clock.snapshots(), every_clock.stories(), st.randoms(use_true_random=False))
def test_a_true_record_holds_whatever_the_clocks_and_the_order_of_arrival(
    snapshot: Snapshot, events: tuple[Event, ...], random: Any
) -> None:
    first, *later = arrivals(events, random)
    state = new_state(snapshot.to_json(), plan(snapshot, [first]).to_json(), first.to_json())
    for event in later:
        a_turn(state, Instant(event.received_at - 1))
        fresh = [one.event for one in state.receive([SignalledEvent(event)])[0]]
        if fresh:
            planned(state, snapshot, fresh, event.received_at)
        if random.random() < 0.3:
            # As a delivery does that comes back before anything is fired.
            state.close_step(event.received_at)
        state.auto_escalate = random.random() < 0.5
        a_turn(state, event.received_at)
        if random.random() < 0.3:
            body = state_document(state)
            state = state_from(json.loads(json.dumps(body)))
        for notice_id in list(state.outstanding)[:2]:
            state.delivered(notice_id)
    a_turn(state, Instant(events[-1].occurred_at + 400 * DAY))
    verdict = verify(chained(state, snapshot))
    assert [str(finding) for finding in verdict.findings] == []


def a_turn(state: InstanceState, now: Instant) -> None:
    state.fire(now)
    state.escalate(now)
    state.close_step(now)


def chained(state: InstanceState, snapshot: Snapshot) -> dict[str, Any]:
    steps, previous = [], NOTHING_BEFORE
    for record in state.unrecorded:
        link = json.loads(json.dumps(record.link))
        hashed = link_hash(previous, link)
        steps.append({"recorded_at": "2026-03-02T09:00:00Z", "previous_hash": previous, "hash": hashed, "link": link})
        previous = hashed
    facts = snapshot.facts
    document = {"format": FORMAT, "organization": facts.organization, "instance_id": facts.instance_id}
    return {**document, "head": previous, "steps": steps}
