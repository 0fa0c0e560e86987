"""Few tasks and activities for each event and each milestone, whatever came before, and nothing lost for it."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from temporalio.api.history.v1 import HistoryEvent

from activities.applying import Applying
from activities.notices import telling
from domain.policy.policies import Policy
from domain.record.chain import verify
from domain.record.histories import KnownHistories
from store.store import Store
from tests.support.clockwork import ORGANIZATION, Clockwork, Mailbox, Opened, eventually, snapshot_of, standing, working
from tests.support.interceptors import BeforeTheFirstPlan


@pytest.fixture
def loud() -> Policy:
    """A breach of two targets at one instant, with an escalation each, and two warnings at another."""
    targets = [{"id": name, "type": name, "hours": 1} for name in ("first_response", "resolution")]
    steps = [{"id": "boss", "trigger": "breached", "delay_minutes": 0, "action_type": "notify"}]
    return Policy.from_json({"id": "loud", "name": "Loud", "targets": targets, "escalations": steps})


@pytest.fixture
def hasty() -> Policy:
    """Breached after two seconds."""
    return Policy.from_json({"id": "h", "name": "H", "targets": [{"type": "resolution", "minutes": 2 / 60}]})


async def events_of(ticket: Opened) -> Sequence[HistoryEvent]:
    return (await ticket.handle.fetch_history()).events


async def activities_of(ticket: Opened) -> list[str]:
    names = [one.activity_task_scheduled_event_attributes.activity_type.name for one in await events_of(ticket)]
    return [name for name in names if name]


async def recorded(ticket: Opened) -> dict[str, Any]:
    state: dict[str, Any] = await eventually(
        ticket.state, lambda state: not (state["unrecorded"] or state["undelivered"])
    )
    return state


async def test_a_life_opened_over_rest_asks_for_one_activity_an_event(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy), recorded=True)
        await ticket.signal("acknowledge", event_id="a")
        await ticket.applied("a")
        await ticket.signal("resolve", event_id="r")
        assert await ticket.result() == {"status": "met"}
    assert await activities_of(ticket) == ["apply_events", "apply_events"]
    assert len(await events_of(ticket)) <= 28
    stored = await store.instances.get(ORGANIZATION, ticket.instance_id)
    assert stored is not None
    assert (stored.sequence, stored.status) == (3, "met")


async def test_a_milestone_adds_at_most_twelve_events_to_the_history(clockwork: Clockwork, policy: Policy) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy), recorded=True)
        await ticket.state()
        before = len(await events_of(ticket))
        await ticket.go_to(31)
        await ticket.fired("first_response/halfway")
        await recorded(ticket)
        assert len(await events_of(ticket)) - before <= 12
        assert await activities_of(ticket) == ["tell"]


async def test_what_fires_in_one_task_is_told_by_one_activity_breaches_first(
    clockwork: Clockwork, store: Store, loud: Policy
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(loud), recorded=True)
        await ticket.go_to(61)
        await ticket.has_standing(8)
        await recorded(ticket)
        assert Counter(await activities_of(ticket)) == {"tell": 3}
    breaches = ["escalation:boss", "escalation:boss", "breached", "breached"]
    assert Counter(id_.split("/")[2] for id_ in clockwork.mailbox.ids[-4:]) == Counter(breaches)
    loaded = await store.instances.load(ORGANIZATION, ticket.instance_id)
    assert loaded is not None
    assert all(firing.delivered_at is not None for firing in loaded.ledger)
    assert loaded.undelivered == ()


async def test_warnings_and_a_breach_that_are_due_together_are_begun_with_the_breach(
    realtime: Clockwork, hasty: Policy
) -> None:
    """They came due while no worker was there."""
    ticket = await realtime.open(snapshot_of(hasty), recorded=True)
    await asyncio.sleep(2.2)
    async with working(realtime):
        await ticket.fired("resolution/breached")
        await recorded(ticket)
    assert realtime.mailbox.ids[0] == "resolution/1/breached/1"
    assert len(realtime.mailbox.ids) == 3
    assert await activities_of(ticket) == ["tell"]


async def test_a_timer_is_kept_while_the_next_milestone_has_not_moved(realtime: Clockwork, policy: Policy) -> None:
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy), recorded=True)
        await ticket.updated(3)
        await recorded(ticket)
    kinds = Counter(await ticket.history())
    assert kinds["TIMER_STARTED"] == 1
    assert kinds["TIMER_CANCELED"] == 0


async def test_requests_do_not_grow_with_the_past(realtime: Clockwork, policy: Policy) -> None:
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy), recorded=True)
        for number in range(5):
            name = ("pause", "resume")[number % 2]
            await ticket.signal(name, event_id=f"e{number:02}")
            await ticket.applied(f"e{number:02}")
        sizes = [
            event.activity_task_scheduled_event_attributes.input.ByteSize()
            for event in await events_of(ticket)
            if event.HasField("activity_task_scheduled_event_attributes")
        ]
    first, *later = sizes
    assert len(later) == 4
    assert max(later) < first
    assert max(later) - min(later) < 64


class Forgetful(KnownHistories):
    """As a worker that has just been started is for every instance."""

    def get(self, key: tuple[str, str], wanted: str) -> None:
        return None


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Applying.__init__

    def forgets(self: Applying, *given: Any, **named: Any) -> None:
        made(self, *given, **named)
        self._known = Forgetful()

    monkeypatch.setattr(Applying, "__init__", forgets)


@pytest.mark.usefixtures("forgetful")
async def test_a_worker_that_does_not_know_the_past_takes_it_from_the_store(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy))
        await recorded(ticket)
        await ticket.updated(4)
        await recorded(ticket)
        assert Counter(await activities_of(ticket)) == {"record": 1, "apply_events": 4}
    stored = await store.instances.get(ORGANIZATION, ticket.instance_id)
    assert stored is not None
    assert stored.sequence == 5


@pytest.mark.usefixtures("forgetful")
async def test_an_event_is_planned_though_neither_the_worker_nor_the_store_can_say_what_came_before(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy))
        await ticket.updated(2)
        await recorded(ticket)
        realtime.projection.down = True
        await ticket.signal("acknowledge", event_id="a")
        state = await ticket.applied("a")
        assert state["unrecorded"] > 0
        realtime.projection.down = False
        await recorded(ticket)
    loaded = await store.instances.load(ORGANIZATION, ticket.instance_id)
    assert loaded is not None
    assert [event.event_id for event in loaded.events] == ["opened", "u0", "u1", "a"]
    assert loaded.is_complete


async def test_a_receiver_that_takes_long_does_not_keep_the_step_from_being_recorded(
    realtime: Clockwork, store: Store, hasty: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "PROMPT_SECONDS", 0.2)
    quick, slow = Mailbox("quick"), Mailbox("slow", seconds=2)
    async with working(realtime, channels=[quick, slow]):
        ticket = await realtime.open(snapshot_of(hasty), recorded=True)

        async def halfway() -> Any:
            loaded = await store.instances.load(ORGANIZATION, ticket.instance_id)
            return loaded if loaded is not None and loaded.ledger else None

        loaded = await eventually(halfway)
        assert loaded.ledger[0].delivered_at is None
        [(_, settled), *_] = loaded.undelivered
        assert [delivery.channel for delivery in settled] == ["quick"]
        await ticket.has_standing(3)
        state = await recorded(ticket)
        assert all(firing["delivered_at"] for firing in state["ledger"])
    loaded = await store.instances.load(ORGANIZATION, ticket.instance_id)
    assert loaded is not None
    assert all(firing.delivered_at is not None for firing in loaded.ledger)
    assert len(quick.ids) == len(set(quick.ids)) == len(slow.ids) == 3


async def test_a_step_whose_answer_got_lost_is_told_again_and_sent_once(
    clockwork: Clockwork, store: Store, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the worker is killed after the step was recorded and before Temporal knew."""
    tell, attempts = telling.Telling.tell, itertools.count(1)

    async def forgetful(self: telling.Telling, request: dict[str, Any]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = await tell(self, request)
        if next(attempts) == 1:
            raise RuntimeError("the answer got lost")
        return answer

    forgetful.__dict__.update(tell.__dict__)
    monkeypatch.setattr(telling.Telling, "tell", forgetful)
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy), recorded=True)
        await ticket.go_to(31)
        state = await recorded(ticket)
        assert standing(state) == ["first_response/halfway"]
    assert clockwork.mailbox.ids == ["first_response/1/halfway/1"]
    loaded = await store.instances.load(ORGANIZATION, ticket.instance_id)
    assert loaded is not None
    assert (loaded.sequence, loaded.undelivered) == (2, ())
    assert loaded.ledger[0].delivered_at is not None


async def test_events_that_arrive_while_a_notice_is_sent_do_not_wait_for_it(
    realtime: Clockwork, store: Store, hasty: Policy
) -> None:
    realtime.mailbox.seconds = 5
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(hasty), recorded=True)
        await ticket.has_standing(1)
        await ticket.signal("update", event_id="u", attributes={"n": 1})

        async def taken() -> Any:
            return await store.instances.event_outcome(ORGANIZATION, ticket.instance_id, "u")

        await asyncio.wait_for(eventually(taken), 3)
        assert realtime.mailbox.ids == []


async def test_a_notice_that_comes_through_while_events_are_applied_leaves_the_record_in_order(
    realtime: Clockwork, store: Store, hasty: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its outcome is a step behind theirs, and must have their plan."""
    monkeypatch.setattr(telling, "PROMPT_SECONDS", 0.1)
    through = asyncio.Event()
    slow = BeforeTheFirstPlan(through.wait)
    realtime.mailbox.seconds = 1
    async with working(realtime, interceptors=[slow]):
        ticket = await realtime.open(snapshot_of(hasty), recorded=True)
        await ticket.has_standing(1)
        await ticket.signal("resolve", event_id="r")
        await asyncio.wait_for(slow.came.wait(), 10)
        await eventually(ticket.state, lambda state: not state["undelivered"])
        through.set()
        await ticket.result()
    export = await store.chains.export(ORGANIZATION, ticket.instance_id)
    assert [str(finding) for finding in verify(export).findings] == []
    stored = await store.instances.get(ORGANIZATION, ticket.instance_id)
    assert stored is not None
    assert stored.closed_at is not None
