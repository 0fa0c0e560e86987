from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from activities import delivery
from activities.ports import NoticeFailed
from domain.policies import Policy
from tests.support.clockwork import Clockwork, Mailbox, eventually, snapshot_of, standing, working

SECOND = 1 / 60


async def _types(mailbox: Mailbox) -> list[str]:
    return [n["type"] for n in mailbox.notices]


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
    monkeypatch.setattr(delivery, "CHANNEL_SECONDS", 1)
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
        await asyncio.sleep(12)
        ids = well.ids
        assert len(ids) == len(set(ids)), ids


async def test_a_notice_that_no_worker_was_there_to_send_is_still_sent(
    realtime: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole day without a worker, in seconds."""
    monkeypatch.setattr(delivery, "GIVE_UP_AFTER", timedelta(seconds=4))
    hasty = Policy.from_json({"id": "h", "name": "H", "targets": [{"type": "resolution", "minutes": 2 * SECOND}]})
    realtime.mailbox.failures = [NoticeFailed("down", retry_after=2)]
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(hasty))
        await ticket.fired("resolution/halfway")
        await eventually(lambda: _attempts(realtime.mailbox), lambda n: n >= 1)
    await asyncio.sleep(6)
    async with working(realtime):
        state = await eventually(ticket.state, lambda s: "resolution/breached" in standing(s) and not s["undelivered"])
        assert "resolution/1/halfway/1" in realtime.mailbox.ids, (realtime.mailbox.ids, state["ledger"])


async def _attempts(mailbox: Mailbox) -> int:
    return mailbox.attempts
