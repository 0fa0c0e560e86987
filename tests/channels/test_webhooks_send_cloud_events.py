"""Notices over real HTTP: what counts as taken, as refused, and as worth another try."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event

from channels.webhook import WebhookChannel
from domain.errors import NoticeFailed, NoticeRefused
from tests.support.receiver import Receiver, receiving

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
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=2, trust_env=False) as opened:
        yield opened


async def test_a_notice_arrives_as_a_structured_cloud_event(receiver: Receiver, client: httpx.AsyncClient) -> None:
    await WebhookChannel(receiver.url, client).send(NOTICE)
    (received,) = receiver.received
    assert received.content_type == "application/cloudevents+json"
    assert received.notice == NOTICE | {"time": received.notice["time"]}
    message = HTTPMessage({"content-type": received.content_type}, _bytes(received.notice))
    assert from_structured_event(message).get_id() == NOTICE["id"]


def _bytes(document: dict[str, Any]) -> bytes:
    return httpx.Request("POST", "http://x", json=document).read()


@pytest.mark.parametrize("status", [400, 405, 410, 413, 415, 422])
async def test_a_receiver_that_will_never_take_it_refuses(
    receiver: Receiver, client: httpx.AsyncClient, status: int
) -> None:
    receiver.answers = [(status, {})]
    with pytest.raises(NoticeRefused, match=str(status)):
        await WebhookChannel(receiver.url, client).send(NOTICE)


@pytest.mark.parametrize("status", [301, 401, 404, 408, 409, 500, 502])
async def test_what_may_pass_is_worth_another_try(receiver: Receiver, client: httpx.AsyncClient, status: int) -> None:
    receiver.answers = [(status, {"location": receiver.url})]
    with pytest.raises(NoticeFailed) as failed:
        await WebhookChannel(receiver.url, client).send(NOTICE)
    assert failed.value.retry_after is None
    assert receiver.received == []


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("999999", 3600), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("soon", None)]
)
async def test_a_receiver_says_in_seconds_when_to_come_again(
    receiver: Receiver, client: httpx.AsyncClient, header: str, seconds: float | None
) -> None:
    receiver.answers = [(429, {"retry-after": header})]
    with pytest.raises(NoticeFailed) as failed:
        await WebhookChannel(receiver.url, client).send(NOTICE)
    assert failed.value.retry_after == seconds


async def test_a_receiver_that_is_not_there_is_worth_another_try(client: httpx.AsyncClient) -> None:
    with receiving() as gone:
        url = gone.url
    with pytest.raises(NoticeFailed):
        await WebhookChannel(url, client).send(NOTICE)


async def test_the_name_of_a_channel_keeps_its_secret_and_tells_two_urls_apart(client: httpx.AsyncClient) -> None:
    one, other = (WebhookChannel(f"https://hooks.example.com/{token}", client).name for token in ("s3cret", "t0ken"))
    assert one != other
    assert "s3cret" not in one
    assert one.startswith("webhook:hooks.example.com")
