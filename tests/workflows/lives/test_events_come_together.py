"""The signal `events`: what it carries is planned and recorded as one, and what is none of it is set aside."""

from __future__ import annotations

from typing import Any

import pytest

from domain.instants import HOUR, MINUTE, Instant, render
from domain.policy.policies import Policy
from store.store import Store
from tests.support.clockwork import Clockwork, eventually, snapshot_of, standing, working
from workflows.signals import spread


def after(opened_at: Instant, minutes: int) -> str:
    return render(Instant(opened_at + minutes * MINUTE))


def minted() -> str:
    return "run/3"


def test_several_events_are_spread_into_the_signals_they_stand_for() -> None:
    events = [
        {"type": "pause", "event_id": "a", "cause": "customer"},
        {"type": "acknowledged"},
        {"type": "updated", "fields": {"n": 1}, "quiet": False},
        "none",
        {"event_id": "b"},
    ]
    assert spread("events", {"events": events, "quiet": True}, minted) == [
        ("pause", {"quiet": True, "event_id": "a", "cause": "customer"}),
        ("acknowledge", {"quiet": True, "event_id": "run/3/1"}),
        ("updated", {"quiet": False, "fields": {"n": 1}, "event_id": "run/3/2"}),
        ("events", "none"),
        ("events", {"quiet": True, "event_id": "b"}),
    ]


@pytest.mark.parametrize("payload", [None, 7, [], {}, {"events": {}}, {"events": "pause"}])
def test_what_holds_no_list_of_events_stays_as_it_is(payload: Any) -> None:
    assert spread("events", payload, minted) == [("events", payload)]
    assert spread("pause", payload, minted) == [("pause", payload)]


async def test_events_that_come_together_are_one_step_and_tell_nobody_what_they_put_right(
    clockwork: Clockwork, policy: Policy, store: Store
) -> None:
    opened_at = Instant(await clockwork.now() - 2 * HOUR)
    snapshot = snapshot_of(policy)
    story = [
        {"type": "paused", "occurred_at": after(opened_at, 10), "event_id": "p"},
        {"type": "resume", "occurred_at": after(opened_at, 90)},
        {"type": "agent_replied", "occurred_at": after(opened_at, 95)},
        {"type": "closed", "occurred_at": after(opened_at, 96)},
    ]
    ticket = await clockwork.open(snapshot, opened_at, ("events", {"events": story}))
    async with working(clockwork):
        state = await ticket.applied("p")
        assert len(state["applied"]) == 4
        assert state["set_aside"]["count"] == 1
        assert state["set_aside"]["recent"][0]["signal"] == "closed"
        assert standing(state) == []
        run = (await ticket.handle.describe()).run_id
        assert set(state["applied"]) >= {f"{run}/1/1", f"{run}/1/2"}
        await ticket.signal("resolve", 100)
        await ticket.result()
    assert clockwork.mailbox.notices == []
    loaded = await store.instances.load(snapshot.organization, ticket.instance_id)
    assert loaded is not None
    assert [event.kind for event in loaded.events[:4]] == ["opened", "paused", "resumed", "agent_replied"]


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"events": "pause"}, "events"),
        ({}, "events"),
        (7, "payload"),
        ({"events": [7]}, "payload"),
        ({"events": [{"event_id": "a"}]}, "events"),
        ({"events": [{"type": "events", "events": []}]}, "events"),
        ({"events": [{"type": "pause", "quiet": "yes"}]}, "quiet"),
    ],
)
async def test_what_is_no_event_is_set_aside_and_the_others_count(
    clockwork: Clockwork, policy: Policy, payload: Any, field: str
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        if isinstance(payload, dict) and isinstance(payload.get("events"), list):
            payload["events"].append({"type": "acknowledge", "event_id": "good"})
        await ticket.handle.signal("events", payload)
        state = await eventually(ticket.state, lambda state: state["set_aside"]["count"] == 1)
        assert state["set_aside"]["recent"][0]["field"] == field
        if isinstance(payload, dict) and isinstance(payload.get("events"), list):
            await ticket.applied("good")
        await ticket.signal("resolve", event_id="still-alive")
        assert await ticket.result() == {"status": "met"}


async def test_a_quiet_signal_keeps_what_was_planned_before_it_from_being_told(
    clockwork: Clockwork, policy: Policy
) -> None:
    opened_at = Instant(await clockwork.now() - 50 * MINUTE)
    quietly = ("customer_reply", {"quiet": True, "event_id": "q"})
    ticket = await clockwork.open(snapshot_of(policy), opened_at, quietly)
    async with working(clockwork):
        state = await ticket.fired("first_response/at_risk")
        assert {firing["milestone"]: firing.get("skipped", False) for firing in state["ledger"]} == {
            "halfway": True,
            "at_risk": True,
        }
        await ticket.go_to(61)
        await ticket.fired("first_response/breached")
        await ticket.signal("resolve")
        await ticket.result()
    told = [id_ for id_ in clockwork.mailbox.ids if id_.startswith("first_response")]
    assert told == ["first_response/1/breached/1"]
