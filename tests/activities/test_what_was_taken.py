"""A channel is not sent again what it has taken from the same worker."""

from __future__ import annotations

from typing import Any

from activities.notices.sending import Failure, Sender
from activities.notices.taken import Taken
from domain.errors import NoticeFailed
from domain.instants import Instant
from domain.record.records import DELIVERED, Delivery
from tests.support.clockwork import Mailbox


async def test_an_attempt_that_is_made_again_sends_only_what_was_not_taken() -> None:
    busy, calm = Mailbox("busy", failures=[NoticeFailed("busy answered 503")]), Mailbox("calm")
    sender = Sender((), lambda: Instant(1))
    notice: dict[str, Any] = {"id": "default/inst_1/resolution/1/breached/1", "data": {}}
    first = [await sender.send(channel, notice) for channel in (busy, calm)]
    again = [await sender.send(channel, notice) for channel in (busy, calm)]
    assert isinstance(first[0], Failure)
    assert again[1] == first[1] == Delivery(notice["id"], "calm", DELIVERED, Instant(1), sent_at=Instant(1))
    assert ([one["id"] for one in calm.notices], busy.attempts) == ([notice["id"]], 2)


async def test_a_channel_that_carries_out_actions_is_asked_anew() -> None:
    connector, sender = Mailbox("connector:src_1"), Sender((), lambda: Instant(1))
    waiting = {"action": "comment", "text": "x", "outcome": "waiting", "connector": "src_1"}
    notice = {"id": "default/inst_1/resolution/1/breached/1", "data": {"outcomes": [waiting]}}
    for _ in range(2):
        await sender.send(connector, notice)
    assert connector.attempts == 2


def test_what_was_taken_long_ago_is_forgotten() -> None:
    taken = Taken(most=2)
    for number in range(3):
        taken.keep(Delivery(str(number), "x", DELIVERED, Instant(number)))
    assert [taken.of(str(number), "x") is None for number in range(3)] == [True, False, False]
