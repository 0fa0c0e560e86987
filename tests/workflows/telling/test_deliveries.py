"""Several receivers, one of them ill: what one suffers costs the others nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from activities.notices import sending
from domain.errors import NoticeFailed, NoticeRefused
from domain.instants import Instant
from domain.policy.policies import Policy
from tests.support.clockwork import Clockwork, Mailbox, eventually, snapshot_of, standing, working

SECOND = 1 / 60


async def _types(mailbox: Mailbox) -> list[str]:
    return [n["type"] for n in mailbox.notices]


async def _sent(mailbox: Mailbox) -> list[Mapping[str, Any]]:
    return mailbox.notices


async def test_a_withdrawal_never_arrives_before_the_notice_it_takes_back(clockwork: Clockwork, policy: Policy) -> None:
    box = Mailbox()
    blocked = {"on": True}

    class Blocking(Mailbox):
        async def send(self, notice: Mapping[str, Any]) -> None:
            if blocked["on"] and notice["type"] == "sla.breached":
                raise NoticeFailed("busy", retry_after=600)
            box.notices.append(notice)

    async with working(clockwork, channels=[Blocking()]):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(70)
        await ticket.fired("first_response/breached")
        await ticket.signal("acknowledge", 50, event_id="a")
        await ticket.applied("a")
        blocked["on"] = False
        await asyncio.sleep(1)
        await ticket.go_to(100)
        await eventually(ticket.state, lambda state: not state["undelivered"])
        types = await _types(box)
        assert types.index("sla.breached") < types.index("sla.withdrawn"), types


async def test_two_organizations_share_a_receiver_and_no_notice_id(clockwork: Clockwork, policy: Policy) -> None:
    async with working(clockwork):
        for organization in ("acme", "globex"):
            ticket = await clockwork.open(replace(snapshot_of(policy, subject="42"), organization=organization))
        await ticket.go_to(46)
        notices = await eventually(lambda: _sent(clockwork.mailbox), lambda sent: len(sent) == 4)
    assert len({notice["id"] for notice in notices}) == 4
    assert len({(notice["source"], notice["type"]) for notice in notices}) == 4


@pytest.mark.parametrize("error", [RuntimeError("bug"), ValueError("x")])
async def test_a_channel_that_breaks_off_does_not_make_the_others_send_again(
    clockwork: Clockwork, policy: Policy, error: Exception
) -> None:
    well, ill = Mailbox("well"), Mailbox("ill", failures=[error] * 4)
    async with working(clockwork, channels=[well, ill]):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(40)
        await eventually(lambda: _types(ill), lambda sent: len(sent) == 1)
        assert well.attempts == 1


async def test_a_channel_that_hangs_does_not_make_the_others_send_again(
    realtime: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "CHANNEL_SECONDS", 1)
    hasty = Policy.from_json({"id": "h", "name": "H", "targets": [{"type": "resolution", "minutes": 2 * SECOND}]})

    class Hanging(Mailbox):
        async def send(self, notice: Mapping[str, Any]) -> None:
            self.attempts += 1
            if self.attempts <= 2:
                await asyncio.sleep(60)
            self.notices.append(notice)

    well, ill = Mailbox("well"), Hanging("ill")
    async with working(realtime, channels=[well, ill]):
        ticket = await realtime.open(snapshot_of(hasty))
        await eventually(ticket.state, lambda state: len(standing(state)) == 3 and not state["undelivered"])
        ids = well.ids
        assert len(ids) == len(set(ids)) == 3, ids
        assert set(ill.ids) == set(ids)


async def test_a_hundred_notices_that_hang_do_not_hold_up_plans_and_records(
    realtime: Clockwork, policy: Policy
) -> None:
    """The SDK runs a hundred activities at a time unless told otherwise."""
    steps = [{"id": f"e{n}", "trigger": "breached", "delay_minutes": 0, "action_type": "notify"} for n in range(100)]
    loud = Policy.from_json(
        {"id": "l", "name": "L", "targets": [{"type": "resolution", "minutes": 1}], "escalations": steps}
    )
    tried, over = asyncio.Semaphore(0), asyncio.Event()

    class Hanging(Mailbox):
        async def send(self, notice: Mapping[str, Any]) -> None:
            tried.release()
            await over.wait()

    async with working(realtime, channels=[Hanging()]):
        await realtime.open(snapshot_of(loud), opened_at=Instant(await realtime.now() - 600_000_000))
        for _ in range(100):
            await asyncio.wait_for(tried.acquire(), 10)
        ticket = await realtime.open(snapshot_of(policy))
        await ticket.signal("acknowledge", event_id="a")
        async with asyncio.timeout(5):
            await ticket.applied("a")
            await eventually(ticket.state, lambda state: state["unrecorded"] == 0)
        over.set()


async def test_a_withdrawal_reaches_a_well_channel_while_an_ill_one_still_lacks_the_notice(
    clockwork: Clockwork, policy: Policy
) -> None:
    well, ill = Mailbox("well"), Mailbox("ill", failures=[NoticeFailed("down")] * 100_000)
    async with working(clockwork, channels=[well, ill]):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(70)
        await ticket.fired("first_response/breached")
        await eventually(lambda: _types(well), lambda types: "sla.breached" in types)
        await ticket.signal("acknowledge", 50, event_id="a")
        await ticket.applied("a")
        await ticket.go_to(100)
        types = await _types(well)
        assert "sla.withdrawn" in types, types


async def test_a_notice_that_only_the_log_took_was_not_delivered(clockwork: Clockwork, policy: Policy) -> None:
    log, receiver = Mailbox("log"), Mailbox("webhook", failures=[NoticeRefused("410 Gone")])
    async with working(clockwork, channels=[log, receiver]):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(46)
        await ticket.fired("first_response/at_risk")
        state = await eventually(ticket.state, lambda state: not state["undelivered"])
        delivered = {firing["milestone"]: firing["delivered_at"] is not None for firing in state["ledger"]}
        assert delivered == {"halfway": False, "at_risk": True}


async def test_a_channel_removed_while_a_withdrawal_waits_does_not_fill_the_history(realtime: Clockwork) -> None:
    hasty = Policy.from_json({"id": "h", "name": "H", "targets": [{"type": "resolution", "minutes": 2 * SECOND}]})
    well, ill = Mailbox("well"), Mailbox("ill", failures=[NoticeFailed("down", retry_after=60)] * 999)
    async with working(realtime, channels=[well, ill]):
        ticket = await realtime.open(snapshot_of(hasty, subject="42"))
        await ticket.fired("resolution/breached")
        await eventually(lambda: _attempts(well), lambda attempts: attempts == 3)
        await asyncio.sleep(0.5)
    async with working(realtime, channels=[Mailbox("other"), ill]):
        await ticket.signal("resolve", 0.5 * SECOND, event_id="done")
        await asyncio.sleep(8)
        total = 0
        async for wf in realtime.client.list_workflows("WorkflowType='SlaInstance'"):
            run = realtime.client.get_workflow_handle(wf.id, run_id=wf.run_id)
            total += len((await run.fetch_history()).events)
        assert total < 200


async def _attempts(mailbox: Mailbox) -> int:
    return mailbox.attempts
