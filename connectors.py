"""Ticket systems on the guarded client, for the worker and the API; and the connectors as channels of the worker.

No room may import all of these sides; `outlets.py`, `cli/parts/api.py` and `worker.py` put this module in.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import httpx

from activities.ports import Found, NoticeChannel
from channels.channel import Outside
from channels.outgoing.names import host_of, redacted, require_url
from channels.outgoing.transport import AddressRefused
from channels.webhook import retry_after
from domain.errors import InvalidValue, NoticeFailed, NoticeRefused, SlaError, StoreUnavailable
from domain.record.notices import organization_of
from domain.record.outcomes import CONNECTOR, Outcome, system_named
from service.hooks.writing import Writer
from service.systems import Target
from service.tools.ciphers import Cipher
from service.tools.last_known import LastKnown
from sources.connectors import Answer, Request
from store.sources.sources import StoredSource
from store.sources.writes import Writes

ANSWER_SECONDS = 10.0
LARGEST_ANSWER = 10 * 1024 * 1024
LONGEST_SAID = 200
LATER = frozenset({408, 409, 423, 425, 429})
"""Statuses below 500 that may pass. 409 is what Zendesk says to two changes at once."""
KIND = "connector"


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


class KnownConnectors(LastKnown[Sequence[StoredSource]]):
    """The sources of each organization that have a connector, as a worker knows them: None while the store is down and
    nothing was ever read."""

    what = "connectors"


class ConnectorChannels:
    """The connectors of a notice's organization, each a channel of the notices whose actions it is to carry out."""

    def __init__(self, known: KnownConnectors, writes: Writes, cipher: Cipher, outside: Outside) -> None:
        self._known = known
        self._writes = writes
        self._cipher = cipher
        self._systems = HttpSystems(outside)
        self._doors = outside.doors

    async def find(self, organization: str, system: str) -> str | None:
        """The source of that id; else the one of that name; else the only one of that kind."""
        every = await self._known.of(organization)
        if every is None:
            raise StoreUnavailable("nobody can say now which connectors there are")
        for named in (
            [one for one in every if one.id == system],
            [one for one in every if one.document.name == system],
        ):
            if named:
                return named[0].id
        alike = [one for one in every if one.document.kind == system]
        return alike[0].id if len(alike) == 1 else None

    async def __call__(self, notice: Mapping[str, Any]) -> Found:
        documents = notice["data"].get("outcomes", ())
        if notice["data"]["withdraws"] is not None or not documents:
            return Found(())
        if any(system_named(one) is not None for one in documents):
            return Found((), known=False)
        wanted = [one[CONNECTOR] for one in documents if CONNECTOR in one and one["outcome"] == Outcome.WAITING]
        if not wanted:
            return Found(())
        every = await self._known.of(organization_of(notice))
        if every is None:
            return Found((), known=False)
        there = {one.id: one for one in every}
        return Found([self._channel(id_, there.get(id_)) for id_ in dict.fromkeys(wanted)])

    def _channel(self, source_id: str, stored: StoredSource | None) -> NoticeChannel:
        if stored is None:
            return _Gone(source_id)
        return self._doors.before(_Connector(Writer(stored, self._writes, self._systems, self._cipher)))


class _Connector:
    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    @property
    def name(self) -> str:
        return f"{KIND}:{self._writer.source.id}"

    async def send(self, notice: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        try:
            return await self._writer.carry_out(notice)
        except NoticeFailed:
            raise
        except SlaError as error:
            # The store is away, or no key opens the credentials: it waits until they are there again.
            raise NoticeFailed(f"{self.name}: {error.message}") from error


class _Gone:
    """A connector that was taken away while it had something to do."""

    def __init__(self, source_id: str) -> None:
        self.name = f"{KIND}:{source_id}"

    async def send(self, notice: Mapping[str, Any]) -> None:  # noqa: ARG002 - the channel's signature
        raise NoticeRefused(f"{self.name}: the source has no connector any more")


def both(*every: Any) -> Any:
    """The channels that several finders have for a notice, as one finder."""

    async def found(notice: Mapping[str, Any]) -> Found:
        answers = await asyncio.gather(*(one(notice) for one in every))
        channels = [channel for answer in answers for channel in answer.channels]
        return Found(channels, known=all(answer.known for answer in answers))

    return found
