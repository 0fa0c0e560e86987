"""Reading a text behind a URL that others chose, bounded in size and in time."""

from __future__ import annotations

import asyncio

import httpx

from channels.outgoing.names import redacted, require_url
from channels.outgoing.transport import AddressRefused
from domain.errors import AddressForbidden, InvalidValue

LONGEST = 1_000_000
SECONDS = 10.0
REDIRECTS = 3


async def fetched(client: httpx.AsyncClient, url: str) -> str:
    """The text, at most a million bytes, within ten seconds. Redirects are followed, each under the client's guard.

    Raises InvalidValue for `url`, of which it shows no more than scheme and host.
    """
    try:
        require_url(url)
    except InvalidValue as refusal:
        raise refusal.named("url") from None
    try:
        async with asyncio.timeout(SECONDS):
            return await _text(client, url)
    except AddressRefused as refusal:
        raise AddressForbidden("url", redacted(url), refusal.reason) from None
    except TimeoutError:
        raise InvalidValue("url", redacted(url), f"must answer within {SECONDS:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = f"must be a feed that can be fetched, but {_said(error)}"
        raise InvalidValue("url", redacted(url), reason) from None


async def _text(client: httpx.AsyncClient, url: str) -> str:
    for _ in range(REDIRECTS + 1):
        # Unpacked it might be a thousand times as large as what was read.
        request = client.build_request(
            "GET", url, headers={"accept-encoding": "identity", "accept": "text/calendar, */*"}
        )
        response = await client.send(request, stream=True)
        try:
            if response.next_request is None:
                return await _body(response, url)
            url = str(response.next_request.url)
            require_url(url)
        finally:
            await response.aclose()
    raise InvalidValue("url", redacted(url), f"must not redirect more than {REDIRECTS} times")


async def _body(response: httpx.Response, url: str) -> str:
    if response.status_code != httpx.codes.OK:
        raise InvalidValue("url", redacted(url), f"must answer with a feed, but answered {response.status_code}")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise InvalidValue("url", redacted(url), "must answer without compression")
    read = bytearray()
    async for chunk in response.aiter_raw():
        read += chunk
        if len(read) > LONGEST:
            raise InvalidValue("url", redacted(url), f"must be at most {LONGEST} bytes long")
    return read.decode("utf-8", errors="replace")


def _said(error: Exception) -> str:
    """What went wrong, without the address: an error of httpx may hold it."""
    return f"there was {type(error).__name__}"
