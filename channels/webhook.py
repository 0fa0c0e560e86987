"""Webhooks: receivers over HTTP that take CloudEvents in structured mode."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent

from channels.channel import Channel, Configuration
from domain.errors import NoticeFailed, NoticeRefused
from domain.instants import parse, to_datetime

# Statuses by which a receiver says that it has read the notice and will never take it. Any other may pass.
REFUSALS = frozenset({400, 405, 406, 410, 413, 415, 422})
LONGEST_WAIT_SECONDS = 3600.0


def webhooks(configuration: Configuration, client: httpx.AsyncClient) -> Iterator[Channel]:
    """One channel for each URL of `SLA_WEBHOOK_URLS`."""
    for url in configuration.webhook_urls:
        yield WebhookChannel(url, client)


class WebhookChannel:
    """POSTs each notice as `application/cloudevents+json`; any 2xx means taken. Redirects are not followed."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url
        self._client = client

    @property
    def name(self) -> str:
        return f"webhook:{urlsplit(self._url).hostname}#{hashlib.sha256(self._url.encode()).hexdigest()[:8]}"

    async def send(self, notice: Mapping[str, Any]) -> None:
        message = to_structured_event(_cloud_event(notice))
        try:
            response = await self._client.post(self._url, content=message.body, headers=message.headers)
        except httpx.HTTPError as error:
            raise NoticeFailed(f"{self.name}: {type(error).__name__}") from error
        if response.is_success:
            return
        problem = f"{self.name} answered {response.status_code}"
        if response.status_code in REFUSALS:
            raise NoticeRefused(problem)
        raise NoticeFailed(problem, _retry_after(response))


def _cloud_event(notice: Mapping[str, Any]) -> CloudEvent:
    attributes = {name: value for name, value in notice.items() if name != "data"}
    attributes["time"] = to_datetime(parse(notice["time"]))
    return CloudEvent(attributes=attributes, data=notice["data"])


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds from a numeric Retry-After (RFC 9110, 10.2.3). None for a date: our own backoff decides then."""
    value = response.headers.get("retry-after", "")
    return min(float(value), LONGEST_WAIT_SECONDS) if value.isascii() and value.isdigit() else None
