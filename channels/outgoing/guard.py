"""The check of an outgoing address: the name is resolved once, and every address it has must be public."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from channels.outgoing.addresses import parse_address, why_not_public
from domain.errors import AddressForbidden, AddressUnknown

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""The IP addresses of a host, as texts. Raises OSError for a name that has none."""


async def system_resolver(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True, slots=True)
class Guard:
    """Refuses addresses that are not public, unless `allow_private` says otherwise (`SLA_ALLOW_PRIVATE_RECEIVERS`)."""

    allow_private: bool = False
    resolve: Resolver = system_resolver

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """The checked IP addresses of a host: whoever connects to one of them asks no resolver again.

        A name with one private address among public ones is refused whole, since the next answer may hold the private
        one alone. Raises AddressForbidden, which tells the kind of address but not the address: whoever may create a
        receiver need not learn what names mean inside. Raises AddressUnknown for a name without addresses.
        """
        try:
            found = await self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise AddressUnknown("address", host, "must be the name of a host that can be found") from error
        if not found:
            raise AddressUnknown("address", host, "must be the name of a host that can be found")
        if not self.allow_private:
            require_public(host, found)
        return found


def require_public(host: str, addresses: Sequence[str]) -> None:
    """Raises AddressForbidden."""
    for text in addresses:
        if (why := _why_not_public(text)) is not None:
            raise AddressForbidden("address", host, f"must be on the public internet, but is {why}")


def _why_not_public(text: str) -> str | None:
    try:
        return why_not_public(parse_address(text))
    except ValueError:
        return "no IP address"
