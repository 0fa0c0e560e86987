"""Ticket systems on the guarded client, for the worker and the API.

No room may import both sides; `outlets.py` and `connectors.py` put this module in.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx

from channels.channel import Outside
from channels.outgoing.names import host_of, redacted, require_url
from channels.outgoing.transport import AddressRefused
from channels.webhook import retry_after
from domain.errors import InvalidValue, NoticeFailed, NoticeRefused, SlaError
from service.systems import Target

if TYPE_CHECKING:
    from sources.connectors import Answer, Request

ANSWER_SECONDS = 10.0
LARGEST_ANSWER = 10 * 1024 * 1024
LONGEST_SAID = 200
LATER = frozenset({408, 409, 423, 425, 429})
"""Statuses below 500 that may pass. 409 is what Zendesk says to two changes at once."""


class HttpSystems:
    """Sends the requests of connectors through the guarded client, which asks where an address lies. No redirect is
    followed: it would carry the credentials elsewhere."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def check(self, base_url: str) -> None:
        url = require_url(base_url)
        host = url.raw_host.decode("ascii")
        try:
            await self._outside.guard.addresses(host, url.port or (443 if url.scheme == "https" else 80))
        except InvalidValue as refusal:
            raise type(refusal)("address", redacted(base_url), refusal.reason) from None

    async def ask(self, target: Target, request: Request) -> Answer:
        host = host_of(target.base_url) or ""
        said = f"{request.method} {request.path} at {host}"
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._asked(target, request, said)
        except AddressRefused as refusal:
            raise NoticeRefused(f"{said}: the address {refusal.reason}") from refusal
        except TimeoutError:
            raise NoticeFailed(f"{said} took longer than {ANSWER_SECONDS:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoticeFailed(f"{said}: {type(error).__name__}") from error

    async def _asked(self, target: Target, request: Request, said: str) -> Answer:
        url = f"{target.base_url}{request.path}"
        headers = {"accept": "application/json", **target.headers}
        async with self._outside.http.stream(
            request.method, url, params=dict(request.query), json=request.body, headers=headers
        ) as response:
            content = await _content(response, said)
            if response.is_success:
                from sources.connectors import Answer  # noqa: PLC0415 - with the language of mappings

                return Answer(_document(content, said))
            raise self._refusal(response, content, said)

    def _refusal(self, response: httpx.Response, content: bytes, said: str) -> SlaError:
        status, wait = response.status_code, response.headers.get("retry-after")
        problem = f"{said} answered {status}{_reason(content)}"
        # GitHub says 403 where too much was asked, with the time to wait.
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in LATER or wait is not None:
            return NoticeFailed(problem, retry_after(wait, self._outside.now()))
        return NoticeRefused(problem)


async def _content(response: httpx.Response, said: str) -> bytes:
    content = b""
    async for part in response.aiter_bytes():
        content += part
        if len(content) > LARGEST_ANSWER:
            raise NoticeRefused(f"{said} answered with more than {LARGEST_ANSWER} bytes")
    return content


def _document(content: bytes, said: str) -> Any:
    if not content.strip():
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise NoticeRefused(f"{said} answered with something that is no JSON; is base_url the right one?") from None


def _reason(content: bytes) -> str:
    """What the ticket system says of it, if it says so in a usual place."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(document, Mapping):
        return ""
    found = document.get("message") or document.get("error") or document.get("errorMessages")
    return f": {json.dumps(found, ensure_ascii=False)[:LONGEST_SAID]}" if found else ""
