"""Requests to addresses that others chose reach the public internet, and nothing on this side of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
import trustme

from channels.channel import Destination
from channels.outgoing import guard as guards
from channels.outgoing.addresses import parse_address, why_not_public
from channels.outgoing.guard import Guard, system_resolver
from channels.outgoing.transport import AddressRefused, guarded_client
from channels.registry import check, configured, open_channel
from channels.wording.sample import SAMPLES
from domain.errors import AddressForbidden, AddressUnknown, InvalidValue, NoticeFailed, NoticeRefused
from tests.support.peers.outside import in_turn, named, reaching
from tests.support.peers.receiver import Receiver, receiving

NOTICE = SAMPLES["breached"]

REFUSED = {
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "10.0.0.1": "private",
    "172.16.0.1": "private",
    "192.168.1.1": "private",
    "169.254.1.1": "link-local",
    "169.254.169.254": "link-local",
    "168.63.129.16": "a metadata address",
    "192.0.0.192": "private",
    "100.64.0.1": "not public",
    "100.100.100.200": "not public",
    "0.0.0.0": "unspecified",
    "224.0.0.1": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "198.18.0.1": "private",
    "203.0.113.5": "private",
    "::": "unspecified",
    "::1": "loopback",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "fc00::1": "private",
    "fd00:ec2::254": "private",
    "fec0::1": "private",
    "ff02::1": "multicast",
    "2001:db8::1": "private",
    "::ffff:10.0.0.1": "private",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:169.254.169.254": "link-local",
    "::127.0.0.1": "reserved",
    "64:ff9b::10.0.0.1": "private",
    "64:ff9b::169.254.169.254": "link-local",
    "64:ff9b:1::1": "reserved",
    "2002:0a00:0001::1": "private",
    "2001:0:a00:1:8000:63bf:3fff:fdd2": "private",
}
TAKEN = ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:0808:0808::1")


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_of_the_public_internet_is_refused_by_its_kind(address: str) -> None:
    assert why_not_public(parse_address(address)) == REFUSED[address]


@pytest.mark.parametrize("address", TAKEN)
def test_an_address_of_the_public_internet_is_taken_in_every_notation(address: str) -> None:
    assert why_not_public(parse_address(address)) is None


async def test_a_name_with_one_private_address_is_refused_whole() -> None:
    guard = Guard(resolve=named({"both.example.com": ["8.8.8.8", "10.0.0.1"]}))
    with pytest.raises(AddressForbidden, match="must be on the public internet, but is private") as refused:
        await guard.addresses("both.example.com", 443)
    assert "10.0.0.1" not in refused.value.message


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::1]", "0"])
async def test_every_notation_of_this_machine_is_refused(host: str) -> None:
    with pytest.raises((AddressForbidden, AddressUnknown)):
        await Guard(resolve=system_resolver).addresses(host.strip("[]"), 80)


async def test_a_name_that_is_not_there_is_no_address() -> None:
    for resolve in (named({}), named({"empty.example.com": []})):
        with pytest.raises(AddressUnknown, match="must be the name of a host that can be found"):
            await Guard(resolve=resolve).addresses("empty.example.com", 443)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://inside.example.com/t0ken", "must be on the public internet, but is private"),
        ("http://169.254.169.254/latest/meta-data/t0ken", "must be on the public internet, but is link-local"),
        ("https://nowhere.example.com/t0ken", "must be the name of a host that can be found"),
        ("ftp://hooks.example.com/t0ken", "must be an http or https URL of at most 2000 characters"),
        ("https:///t0ken", "must be an http or https URL of at most 2000 characters"),
        ("t0ken", "must be an http or https URL of at most 2000 characters"),
        (f"https://hooks.example.com/t0ken{'x' * 2000}", "must be an http or https URL of at most 2000 characters"),
    ],
)
async def test_a_receiver_there_is_refused_when_it_is_created_and_its_address_is_not_shown(
    address: str, reason: str
) -> None:
    guard = Guard(resolve=named({"inside.example.com": ["10.0.0.1"], "169.254.169.254": ["169.254.169.254"]}))
    async with reaching(guard=guard) as outside:
        with pytest.raises(InvalidValue, match=reason) as refused:
            await check("webhook", Destination(address), outside)
    assert refused.value.field == "address"
    assert "t0ken" not in refused.value.message


async def test_a_public_receiver_is_taken_and_a_private_one_where_the_operator_allows_it() -> None:
    names = {"hooks.example.com": ["8.8.8.8"], "inside.example.com": ["10.0.0.1"]}
    async with reaching(guard=Guard(resolve=named(names))) as outside:
        await check("webhook", Destination("https://hooks.example.com/"), outside)
    async with reaching(guard=Guard(allow_private=True, resolve=named(names))) as outside:
        await check("webhook", Destination("https://inside.example.com/"), outside)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


async def test_a_name_that_has_become_private_since_is_refused_for_good_before_anything_is_sent(
    receiver: Receiver,
) -> None:
    """DNS rebinding: the name is public when the receiver is created and leads inside when the notice leaves."""
    url = receiver.url.replace("127.0.0.1", "hooks.example.com")
    async with reaching(guard=Guard(resolve=in_turn(["8.8.8.8"], ["127.0.0.1"]))) as outside:
        await check("webhook", Destination(url), outside)
        with pytest.raises(NoticeRefused, match="the address must be on the public internet, but is loopback"):
            await open_channel("webhook", Destination(url), outside).send(NOTICE)
    assert receiver.received == []


async def test_a_name_that_cannot_be_resolved_now_is_worth_another_try() -> None:
    async with reaching(guard=Guard(resolve=named({}))) as outside:
        with pytest.raises(NoticeFailed, match="ConnectError"):
            await open_channel("webhook", Destination("https://hooks.example.com/"), outside).send(NOTICE)


async def test_the_operators_own_receivers_may_lie_anywhere(receiver: Receiver) -> None:
    async with reaching(guard=Guard(resolve=named({})), webhook_urls=receiver.url) as outside:
        _, webhook = configured(outside)
        await webhook.send(NOTICE)
    assert receiver.ids == [NOTICE["id"]]


@pytest.fixture
def loopback_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real guard, but that 127.0.0.1 counts as public: what is refused here is refused for being 127.0.0.2."""

    def but_one(address: Any) -> str | None:
        return None if str(address) == "127.0.0.1" else why_not_public(address)

    monkeypatch.setattr(guards, "why_not_public", but_one)


@pytest.mark.usefixtures("loopback_is_public")
async def test_a_redirect_into_a_private_network_is_refused_where_redirects_are_followed(receiver: Receiver) -> None:
    """As whoever fetches a calendar follows them; webhooks follow none."""
    receiver.answers = [(302, {"location": receiver.url.replace("127.0.0.1", "127.0.0.2")})]
    guard = Guard(resolve=named({"127.0.0.1": ["127.0.0.1"], "127.0.0.2": ["127.0.0.2"]}))
    async with guarded_client(guard, timeout=2) as client:
        with pytest.raises(AddressRefused, match="but is loopback"):
            await client.post(receiver.url, json={}, follow_redirects=True)
    assert receiver.received == []


@pytest.mark.usefixtures("loopback_is_public")
async def test_the_name_is_resolved_once_for_a_request_and_the_checked_address_is_connected_to(
    receiver: Receiver,
) -> None:
    """The second answer, which would lead elsewhere, is never asked for."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    url = receiver.url.replace("127.0.0.1", "hooks.example.com")
    async with guarded_client(Guard(resolve=resolve), timeout=2) as client:
        assert (await client.post(url, json=NOTICE)).is_success
    assert asked == ["hooks.example.com"]
    assert receiver.received[0].headers["host"] == url.split("/")[2]


async def test_a_host_with_several_addresses_is_reached_at_the_first_that_answers(receiver: Receiver) -> None:
    addresses = ["127.0.0.9", "127.0.0.1"]
    guard = Guard(allow_private=True, resolve=in_turn(addresses, addresses[::-1]))
    async with guarded_client(guard, timeout=2) as client:
        for _ in range(2):
            assert (await client.post(receiver.url.replace("127.0.0.1", "hooks.example.com"), json=NOTICE)).is_success


async def test_a_resolver_that_hangs_is_given_up() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    async with guarded_client(Guard(resolve=resolve), timeout=0.05) as client:
        with pytest.raises(httpx.ConnectTimeout):
            await client.get("https://hooks.example.com/")


AUTHORITY = trustme.CA()


@pytest.fixture
async def secure_server() -> AsyncIterator[tuple[str, list[str]]]:
    """An HTTPS server for hooks.example.com; gives its port and the names that clients asked for in TLS."""
    asked: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("hooks.example.com").configure_cert(context)
    context.sni_callback = lambda _socket, name, _context: asked.append(name or "")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield str(server.server_address[1]), asked
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("loopback_is_public")
async def test_the_certificate_is_checked_for_the_name_although_the_address_is_connected_to(
    secure_server: tuple[str, list[str]],
) -> None:
    port, asked = secure_server
    trusting = ssl.create_default_context()
    AUTHORITY.configure_trust(trusting)
    names = {"hooks.example.com": ["127.0.0.1"], "other.example.com": ["127.0.0.1"]}
    async with guarded_client(Guard(resolve=named(names)), timeout=2, tls=trusting) as client:
        assert (await client.post(f"https://hooks.example.com:{port}/", json={})).status_code == 204
        with pytest.raises(httpx.ConnectError, match="certificate"):
            await client.post(f"https://other.example.com:{port}/", json={})
    assert asked == ["hooks.example.com", "other.example.com"]
