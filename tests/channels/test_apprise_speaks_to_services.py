"""Everything that Apprise speaks, against a real receiver of its `json://`; what it cannot do is said."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from channels import apprise
from channels.apprise import _service
from channels.channel import Channel, Destination, Outside
from channels.outgoing.guard import Guard
from channels.outgoing.sockets import SocketRefused, Watch, watched
from channels.registry import check, open_channel
from channels.wording.sample import SAMPLES
from domain.errors import InvalidValue, NoticeFailed, NoticeRefused
from tests.support.peers.outside import named, reaching
from tests.support.peers.receiver import Receiver, receiving
from tests.support.peers.trickling import trickling

NOTICE = SAMPLES["at_risk"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    async with reaching() as made:
        yield made


@pytest.fixture
async def guarded() -> AsyncIterator[Outside]:
    guard = Guard(resolve=named({"hooks.example.com": ["8.8.8.8"], "inside.example.com": ["10.0.0.1"]}))
    async with reaching(guard=guard) as made:
        yield made


def json_url(receiver: Receiver) -> str:
    return receiver.url.replace("http://", "json://")


def channel(url: str, outside: Outside, **destination: Any) -> Channel:
    return open_channel("apprise", Destination(url, **destination), outside)


async def test_a_service_gets_the_notice_in_words(receiver: Receiver, outside: Outside) -> None:
    await check("apprise", Destination(json_url(receiver)), outside)
    await channel(json_url(receiver), outside, timezone="Asia/Tokyo").send(NOTICE)
    (received,) = receiver.received
    assert received.notice["title"] == "First response of ticket 42 by Network: at risk - No dial tone"
    assert received.notice["message"].startswith("48 min of its 1 h used; due 23:45 (in 12 min).")
    assert received.notice["type"] == "warning"


async def test_a_form_is_filled_in_the_same_words(receiver: Receiver, outside: Outside) -> None:
    await channel(receiver.url.replace("http://", "form://"), outside, templates={"text": "{{ state }}"}).send(NOTICE)
    (received,) = receiver.received
    assert b"at+risk" in received.body


async def test_what_a_service_answers_is_heard_of_each_notice_that_is_sent_at_the_same_time(
    receiver: Receiver, outside: Outside
) -> None:
    receiver.answers = [(400, {})] * 8
    one = channel(json_url(receiver), outside)
    answers = await asyncio.gather(*(one.send(NOTICE) for _ in range(8)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [NoticeRefused] * 8
    assert all("error=400" in str(answer) for answer in answers)


async def test_what_a_service_answers_is_taken_refused_or_worth_another_try(
    receiver: Receiver, outside: Outside
) -> None:
    receiver.answers = [(503, {}), (429, {"retry-after": "7"}), (400, {}), (410, {}), (204, {})]
    one = channel(json_url(receiver), outside)
    for _ in range(2):
        with pytest.raises(NoticeFailed, match=r"error=(503|429)"):
            await one.send(NOTICE)
    for gone in (False, True):
        with pytest.raises(NoticeRefused, match=r"error=(400|410)") as refused:
            await one.send(NOTICE)
        assert refused.value.gone is gone
    await one.send(NOTICE)


async def test_a_service_that_hangs_is_given_up_and_its_thread_is_free_again(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the URL says of timeouts: the connection is broken off."""
    _service("json://127.0.0.1")  # imported beforehand: that takes longer than the timeout of this test
    monkeypatch.setattr(apprise, "SECONDS", 0.3)
    monkeypatch.setattr(apprise, "_threads", ThreadPoolExecutor(1))
    with trickling(b"") as url:
        begun = time.monotonic()
        with pytest.raises(NoticeFailed, match="took longer than"):
            await channel(f"{url.replace('http://', 'json://')}?rto=600", outside).send(NOTICE)
        await asyncio.wait_for(asyncio.wrap_future(apprise._threads.submit(lambda: None)), 5)
        assert time.monotonic() - begun < 5


async def test_other_work_goes_on_while_a_service_hangs(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise, "SECONDS", 0.5)
    with trickling(b"") as url:
        sending = asyncio.create_task(channel(url.replace("http://", "json://"), outside).send(NOTICE))
        turns = 0
        while not sending.done():
            await asyncio.sleep(0.01)
            turns += 1
        with pytest.raises(NoticeFailed):
            await sending
    assert turns > 5


async def test_a_service_that_is_not_there_is_worth_another_try_and_no_secret_is_told(outside: Outside) -> None:
    with receiving() as gone:
        url = json_url(gone)
    with pytest.raises(NoticeFailed) as failed:
        await channel(url.replace("json://", "json://user:s3cret@"), outside).send(NOTICE)
    assert "s3cret" not in failed.value.message


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("nonsense://s3cret@host", "must be a URL that Apprise reads"),
        ("s3cret", "must be a URL that Apprise reads"),
        ("json://inside.example.com/s3cret", "must be on the public internet, but is private"),
        ("syslog://user?s3cret", "must be a service over HTTP"),
        ("mailtos://me:s3cret@gmail.com", "must be a service over HTTP"),
    ],
)
async def test_a_url_that_cannot_be_used_is_refused_and_not_shown(guarded: Outside, address: str, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason) as refused:
        await check("apprise", Destination(address), guarded)
    assert refused.value.field == "address"
    assert "s3cret" not in refused.value.message


async def test_a_service_that_the_url_names_no_host_of_is_taken_and_nobody_is_asked_about_its_token(
    guarded: Outside,
) -> None:
    """The resolver of this test knows no such host, and would say so."""
    await check("apprise", Destination("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"), guarded)
    await check("apprise", Destination("json://hooks.example.com/"), guarded)


async def test_a_service_inside_is_refused_for_good_when_it_is_connected_to(
    receiver: Receiver, guarded: Outside
) -> None:
    """Whatever its name meant when the receiver was created."""
    with pytest.raises(NoticeRefused, match="the address must be on the public internet, but is loopback"):
        await channel(json_url(receiver), guarded).send(NOTICE)
    assert receiver.received == []


def test_only_the_watched_thread_is_kept_inside_and_only_while_it_is_watched(receiver: Receiver) -> None:
    address = ("127.0.0.1", int(receiver.url.split(":")[2].split("/")[0]))
    watch = Watch(allow_private=False)
    with watched(watch):
        with pytest.raises(SocketRefused, match="but is loopback"):
            socket.create_connection(address)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, pytest.raises(SocketRefused):
            datagrams.sendto(b"", address)
        with pytest.raises(SocketRefused):
            socket.create_connection(("127.0.0.1", 1))
    assert watch.refused is not None
    socket.create_connection(address).close()


async def test_without_the_extra_a_receiver_is_told_what_to_install(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InvalidValue, match=r"channel: needs the package apprise: pip install 'slakeeper\[apprise\]'"):
        await check("apprise", Destination("json://127.0.0.1"), outside)
    with pytest.raises(NoticeFailed, match="needs the package apprise"):
        await channel("json://127.0.0.1", outside).send(NOTICE)


async def test_the_name_of_a_channel_keeps_the_token_in_its_url(outside: Outside) -> None:
    one, other = (channel(f"slack://s3cret/t0ken/{number}/", outside).name for number in range(2))
    assert one.startswith("apprise:slack#")
    assert one != other
    assert "s3cret" not in one
