"""An HTTP transport that connects only where the guard lets it.

The libraries that were looked at (decision 22) connect first and check then, keep answers of resolvers for minutes, or
reach into private parts of httpx. What is left to do is small: httpx lets a request go to another host than its URL
names, with the name for TLS beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from ssl import SSLContext

import httpx

from channels.outgoing.guard import Guard
from domain.errors import AddressForbidden, AddressUnknown

MOST_TRIED = 3
"""Addresses of one host that are tried in turn, where it has several and the first do not answer."""
_PORTS = {"http": 80, "https": 443}


class AddressRefused(httpx.ConnectError):
    """The guard has refused the address; `reason` says why. Nothing was sent."""

    def __init__(self, reason: str, request: httpx.Request) -> None:
        super().__init__(reason, request=request)
        self.reason = reason


class GuardedTransport(httpx.AsyncBaseTransport):
    """Resolves a host once, checks the answer, and connects to it: between check and connection no name changes.

    Each request passes here, also the one that a redirect leads to. The `Host` header and the name in TLS (SNI and the
    certificate's) stay those of the URL. No connection is kept: one that was made for a host must not serve another
    host on the same address.
    """

    def __init__(self, guard: Guard, tls: SSLContext) -> None:
        self._guard = guard
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._inner = httpx.AsyncHTTPTransport(verify=tls, limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.raw_host.decode("ascii")
        port = request.url.port or _PORTS.get(request.url.scheme, 0)
        addresses = await self._addresses(host, port, request)
        for address in addresses[:-1]:
            try:
                return await self._inner.handle_async_request(_sent_to(address, host, request))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._inner.handle_async_request(_sent_to(addresses[-1], host, request))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _addresses(self, host: str, port: int, request: httpx.Request) -> Sequence[str]:
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("connect")):
                return (await self._guard.addresses(host, port))[:MOST_TRIED]
        except AddressForbidden as error:
            raise AddressRefused(error.reason, request) from error
        except AddressUnknown as error:
            raise httpx.ConnectError(error.reason, request=request) from error
        except TimeoutError as error:
            raise httpx.ConnectTimeout("the name was not resolved in time", request=request) from error


def _sent_to(address: str, host: str, request: httpx.Request) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


def guarded_client(guard: Guard, timeout: float, tls: SSLContext | None = None) -> httpx.AsyncClient:
    """A client for addresses that others chose. It uses no proxy: a proxy would resolve the name once more."""
    return httpx.AsyncClient(transport=GuardedTransport(guard, tls or usual_tls()), timeout=timeout, trust_env=False)


@cache
def usual_tls() -> SSLContext:
    """Made once: reading the certificates of all authorities takes a tenth of a second."""
    return httpx.create_ssl_context()
