"""Notices over real HTTP: what counts as taken, as refused, and as worth another try."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event

from channels.channel import REFUSALS, Channel, Destination, Outside
from channels.registry import open_channel
from channels.webhook import retry_after
from domain.errors import NoticeFailed, NoticeRefused
from tests.support.peers.outside import reaching
from tests.support.peers.receiver import Receiver, receiving
from tests.support.peers.trickling import trickling

NOTICE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "default/inst_sla_ticket_42/resolution/1/breached/1",
    "source": "/sla/default",
    "type": "sla.breached",
    "subject": "inst_sla_ticket_42",
    "time": "2026-03-02T10:00:00.25Z",
    "datacontenttype": "application/json",
    "data": {"target": "resolution", "message": "Resolution of ticket 42 is breached — überfällig."},
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    async with reaching(timeout=0.5) as made:
        yield made


def webhook(url: str, outside: Outside, **destination: Any) -> Channel:
    return open_channel("webhook", Destination(url, **destination), outside)


async def test_a_notice_arrives_as_a_structured_cloud_event(receiver: Receiver, outside: Outside) -> None:
    await webhook(receiver.url, outside).send(NOTICE)
    (received,) = receiver.received
    assert received.content_type == "application/cloudevents+json"
    assert received.notice == NOTICE | {"time": received.notice["time"]}
    message = HTTPMessage({"content-type": received.content_type}, _bytes(received.notice))
    assert from_structured_event(message).get_id() == NOTICE["id"]


def _bytes(document: dict[str, Any]) -> bytes:
    return httpx.Request("POST", "http://x", json=document).read()


@pytest.mark.parametrize("status", sorted(REFUSALS))
async def test_a_receiver_that_will_never_take_it_refuses(receiver: Receiver, outside: Outside, status: int) -> None:
    receiver.answers = [(status, {})]
    with pytest.raises(NoticeRefused, match=str(status)) as refused:
        await webhook(receiver.url, outside).send(NOTICE)
    assert refused.value.gone == (status == 410)


async def test_a_receiver_that_is_gone_says_that_it_takes_no_notice_any_more(
    receiver: Receiver, outside: Outside
) -> None:
    receiver.answers = [(410, {})]
    with pytest.raises(NoticeRefused, match="answered 410: it is gone and takes no notice any more"):
        await webhook(receiver.url, outside).send(NOTICE)


@pytest.mark.parametrize("status", [301, 401, 404, 408, 409, 500, 502])
async def test_what_may_pass_is_worth_another_try(receiver: Receiver, outside: Outside, status: int) -> None:
    receiver.answers = [(status, {"location": receiver.url})]
    with pytest.raises(NoticeFailed) as failed:
        await webhook(receiver.url, outside).send(NOTICE)
    assert failed.value.retry_after is None
    assert receiver.received == []


async def test_a_receiver_that_fails_half_the_time_has_taken_each_notice_once_it_says_so(
    receiver: Receiver, outside: Outside
) -> None:
    receiver.answers = [(503, {}), (204, {})] * 3
    channel = webhook(receiver.url, outside)
    for number in range(3):
        notice = {**NOTICE, "id": f"{NOTICE['id']}/{number}"}
        with pytest.raises(NoticeFailed):
            await channel.send(notice)
        await channel.send(notice)
    assert receiver.ids == [f"{NOTICE['id']}/{number}" for number in range(3)]


async def test_a_receiver_that_is_busy_says_when_to_come_again(receiver: Receiver, outside: Outside) -> None:
    receiver.answers = [(429, {"retry-after": "7"})]
    with pytest.raises(NoticeFailed) as failed:
        await webhook(receiver.url, outside).send(NOTICE)
    assert failed.value.retry_after == 7


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("999999", 3600),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 60),
        ("Wed, 21 Oct 2026 07:26:00 GMT", 0),
        ("Thu, 22 Oct 2026 07:28:00 GMT", 3600),
        ("Wed, 21 Oct 2026 07:28:00 -0000", None),
        ("soon", None),
        ("²", None),
        (None, None),
    ],
)
def test_both_forms_of_retry_after_are_read(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, datetime(2026, 10, 21, 7, 27, tzinfo=UTC)) == seconds


async def test_a_receiver_that_is_not_there_is_worth_another_try(outside: Outside) -> None:
    with receiving() as gone:
        url = gone.url
    with pytest.raises(NoticeFailed):
        await webhook(url, outside).send(NOTICE)


async def test_a_receiver_that_hangs_is_worth_another_try(outside: Outside) -> None:
    with trickling(b"") as url, pytest.raises(NoticeFailed, match="ReadTimeout"):
        await webhook(url, outside).send(NOTICE)


async def test_a_receiver_that_speaks_no_http_is_worth_another_try(outside: Outside) -> None:
    with (
        trickling(b"220 mail.example.com ESMTP\r\n\r\n") as url,
        pytest.raises(NoticeFailed, match="RemoteProtocolError"),
    ):
        await webhook(url, outside).send(NOTICE)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 204"], ids=["nothing", "half a line"])
async def test_a_receiver_that_hangs_up_before_it_has_answered_is_worth_another_try(
    outside: Outside, said: bytes
) -> None:
    with trickling(said, hangs_up=True) as url, pytest.raises(NoticeFailed, match=r"RemoteProtocolError|ReadError"):
        await webhook(url, outside).send(NOTICE)


@pytest.mark.parametrize("hangs_up", [True, False])
async def test_a_receiver_that_says_yes_and_then_talks_nonsense_has_taken_the_notice(
    outside: Outside, hangs_up: bool
) -> None:
    """Nothing but its status is believed, for better or worse."""
    lie = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n\xff\xfe{]"
    with trickling(lie, hangs_up=hangs_up) as url:
        await webhook(url, outside).send(NOTICE)


async def test_a_receiver_whose_answer_has_no_end_has_taken_the_notice(outside: Outside) -> None:
    """The status has come; nobody waits for the body."""
    endless = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n" + b"x" * 100
    with trickling(endless) as url:
        await webhook(url, outside).send(NOTICE)


async def test_the_name_of_a_channel_keeps_its_secret_and_tells_two_urls_apart(outside: Outside) -> None:
    one, other = (webhook(f"https://hooks.example.com/{token}", outside).name for token in ("s3cret", "t0ken"))
    assert one != other
    assert "s3cret" not in one
    assert one.startswith("webhook:hooks.example.com")


async def test_a_receiver_with_an_id_is_named_by_it(outside: Outside) -> None:
    assert webhook("https://hooks.example.com/s3cret", outside, id="rcv_1").name == "webhook:rcv_1"
