"""Stores, receivers and workers that fail: nothing is lost, nothing waits that must leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from domain.errors import NoticeFailed, NoticeRefused
from domain.policy.policies import Policy
from store.store import Store
from tests.support.ailments import fill, full, read_only
from tests.support.clockwork import ORGANIZATION, Clockwork, Mailbox, eventually, snapshot_of, working
from tests.support.interceptors import BeforeTheFirstPlan
from workflows.calls import APPLY_EVENTS, LIMITS


async def test_a_store_that_is_down_delays_no_notice_and_gets_everything_later(
    clockwork: Clockwork, store: Store, policy: Policy
) -> None:
    clockwork.projection.down = True
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy, subject="42"))
        await ticket.go_to(250)
        await ticket.fired("resolution/breached")
        await eventually(lambda: _sent(clockwork.mailbox), lambda sent: sent == 6)
        assert await store.instances.get(ORGANIZATION, "inst_sla_ticket_42") is None
        clockwork.projection.down = False
        await ticket.signal("resolve", 250, event_id="done")
        await ticket.result()
        stored = await store.instances.get(ORGANIZATION, "inst_sla_ticket_42")
        assert stored is not None
        assert stored.status == "breached"
        assert len(stored.ledger) == 6
        assert all(firing.delivered_at for firing in stored.ledger)


@pytest.mark.parametrize("ail", [full, read_only])
async def test_a_store_that_takes_no_writes_for_hours_delays_no_notice_and_gets_everything_later(
    clockwork: Clockwork, store: Store, policy: Policy, ail: Callable[[Store], AbstractContextManager[None]]
) -> None:
    async with working(clockwork):
        with ail(store):
            await fill(store)
            ticket = await clockwork.open(snapshot_of(policy, subject="42"))
            await ticket.go_to(70)
            await ticket.signal("acknowledge", 70, event_id="a")
            await ticket.go_to(130)
            await eventually(lambda: _sent(clockwork.mailbox), lambda sent: sent == 4)
            assert await store.instances.get(ORGANIZATION, "inst_sla_ticket_42") is None
        await ticket.signal("resolve", 130, event_id="done")
        await ticket.result()
    stored = await store.instances.load(ORGANIZATION, "inst_sla_ticket_42")
    assert stored is not None
    assert [event.event_id for event in stored.events] == ["opened", "a", "done"]
    assert [firing.delivered_at is not None for firing in stored.ledger] == [True] * 4


async def _sent(mailbox: Mailbox) -> int:
    return len(mailbox.notices)


async def test_a_store_that_stays_down_does_not_fill_the_history(clockwork: Clockwork, policy: Policy) -> None:
    clockwork.projection.down = True
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.signal("pause", 0, event_id="p")
        await ticket.applied("p")
        before = len(await eventually(ticket.history, lambda events: "ACTIVITY_TASK_SCHEDULED" in events))
        # Some seven hundred attempts.
        await ticket.go_to(60 * 6)
        assert len(await ticket.history()) <= before + 6


async def test_a_receiver_that_was_down_gets_the_same_notice_once_it_is_back(
    clockwork: Clockwork, policy: Policy
) -> None:
    clockwork.mailbox.failures = [NoticeFailed("down"), NoticeFailed("still down", retry_after=30)]
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(31)
        await ticket.fired("first_response/halfway")
        await ticket.go_to(40)
        await eventually(lambda: _sent(clockwork.mailbox), lambda sent: sent == 1)
        state = await eventually(ticket.state, lambda state: not state["undelivered"])
        assert state["ledger"][0]["delivered_at"] is not None
        assert clockwork.mailbox.attempts == 3


async def test_a_channel_that_took_a_notice_is_not_sent_it_again_for_the_sake_of_another(
    clockwork: Clockwork, policy: Policy
) -> None:
    well, ill = Mailbox("well"), Mailbox("ill", failures=[NoticeFailed("down")] * 4)
    async with working(clockwork, channels=[well, ill]):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(40)
        await eventually(lambda: _sent(ill), lambda sent: sent == 1)
        assert well.attempts == 1
        assert [n["id"] for n in ill.notices] == [n["id"] for n in well.notices]


async def test_a_refused_notice_is_dead_lettered_and_the_instance_can_end(
    clockwork: Clockwork, store: Store, policy: Policy
) -> None:
    clockwork.mailbox.failures = [NoticeRefused("410 Gone")]
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy, subject="42"))
        await ticket.go_to(31)
        await ticket.fired("first_response/halfway")
        await ticket.signal("resolve", 31, event_id="done")
        await ticket.result()
        stored = await store.instances.get(ORGANIZATION, "inst_sla_ticket_42")
        assert stored is not None
        assert [firing.delivered_at for firing in stored.ledger] == [None]


async def test_a_receiver_that_never_answers_is_given_up_after_a_day(clockwork: Clockwork, policy: Policy) -> None:
    clockwork.mailbox.failures = [NoticeFailed("down")] * 10_000
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(31)
        await ticket.fired("first_response/halfway")
        await ticket.signal("resolve", 31, event_id="done")
        await ticket.go_to(31 + 25 * 60)
        assert await ticket.result() == {"status": "met"}


async def test_a_plan_that_got_lost_with_its_worker_is_made_again(
    clockwork: Clockwork, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, APPLY_EVENTS, {**LIMITS[APPLY_EVENTS], "start_to_close_timeout": timedelta(seconds=1)})
    over = asyncio.Event()
    lost = BeforeTheFirstPlan(over.wait)
    async with working(clockwork, interceptors=[lost]):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.signal("acknowledge", event_id="a")
        await asyncio.wait_for(lost.came.wait(), 10)
        assert "a" not in (await ticket.state())["applied"]
        await ticket.applied("a")
        over.set()
