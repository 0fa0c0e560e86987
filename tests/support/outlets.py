"""The channels as the API has them, in tests: real ones, which reach loopback only and know one name."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from channels.channel import utc_now
from channels.outgoing.guard import Guard
from outlets import ChannelOutlets, ChannelWording, secret_for
from service.receivers import Addressed, Tried
from service.systems import Target
from service.tools.ciphers import Cipher
from sources.connectors import Answer, Request
from tests.support.peers.outside import reaching
from ticket_systems import HttpSystems

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
CIPHER = Cipher([KEY])
NAMED = "hooks.example.com"
"""The one that examples in the documents use."""


async def _resolve(host: str, port: int) -> tuple[str, ...]:
    if host == NAMED:
        return ("127.0.0.1",)
    try:
        address = ip_address(host)
    except ValueError:
        raise OSError(f"{host} is not known") from None
    if not address.is_loopback:
        raise OSError(f"{host} is not on loopback")
    return (str(address),)


class LoopbackOutlets:
    """Each call opens the channels anew: no test pays for them that does not ask."""

    def __init__(self, *, allow_private: bool = True, **settings: Any) -> None:
        self._guard = Guard(allow_private=allow_private, resolve=_resolve)
        self._settings = settings

    async def check(self, addressed: Addressed) -> None:
        async with reaching(guard=self._guard, now=utc_now, **self._settings) as outside:
            await ChannelOutlets(outside).check(addressed)

    async def send_sample(self, addressed: Addressed, type_: str) -> Tried:
        async with reaching(guard=self._guard, now=utc_now, **self._settings) as outside:
            return await ChannelOutlets(outside).send_sample(addressed, type_)

    @property
    def wording(self) -> ChannelWording:
        return ChannelWording()

    def new_secret(self, channel: str) -> str | None:
        return secret_for(channel)

    def sends(self, channel: str) -> bool:
        return channel != "email" or "smtp_host" in self._settings

    async def fetch(self, url: str) -> str:
        async with reaching(guard=self._guard, now=utc_now, **self._settings) as outside:
            return await ChannelOutlets(outside).fetch(url)


class LoopbackSystems:
    """Each call opens the way to ticket systems anew, as `LoopbackOutlets` does."""

    def __init__(self, *, allow_private: bool = True) -> None:
        self._guard = Guard(allow_private=allow_private, resolve=_resolve)

    async def check(self, base_url: str) -> None:
        async with reaching(guard=self._guard, now=utc_now) as outside:
            await HttpSystems(outside).check(base_url)

    async def ask(self, target: Target, request: Request) -> Answer:
        async with reaching(guard=self._guard, now=utc_now) as outside:
            return await HttpSystems(outside).ask(target, request)
