"""Webhooks: receivers over HTTP that take CloudEvents in structured mode, signed by Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx
from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks import Webhook

from channels.channel import REFUSALS, Channel, ChannelKind, Destination, Now, Outside
from channels.outgoing.names import channel_name, host_of, redacted, require_url
from channels.outgoing.transport import AddressRefused
from domain.errors import InvalidValue, NoticeFailed, NoticeRefused
from domain.instants import parse, to_datetime

LONGEST_WAIT_SECONDS = 3600.0
MOST_SECRETS = 2
SECRET_PREFIX = "whsec_"  # noqa: S105 - what each secret begins with
SECRET_BYTES = range(24, 65)


class WebhookChannel:
    """POSTs each notice as `application/cloudevents+json`; any 2xx means taken. Redirects are not followed.

    With secrets it is signed, once by each of them, so that the receiver may change from one to the other whenever it
    likes. The body of an answer is not read: it may have no end.
    """

    def __init__(self, destination: Destination, client: httpx.AsyncClient, now: Now) -> None:
        self._destination = destination
        self._client = client
        self._now = now
        self._signers = [Webhook(secret) for secret in destination.secrets]

    @property
    def name(self) -> str:
        address = self._destination.address
        return channel_name("webhook", self._destination.id, address, host_of(address))

    async def send(self, notice: Mapping[str, Any]) -> None:
        message = to_structured_event(_cloud_event(notice))
        body = message.body
        headers = {**message.headers, **self._signature(notice["id"], body)}
        try:
            async with self._client.stream(
                "POST", self._destination.address, content=body, headers=headers
            ) as response:
                self._judge(response)
        except AddressRefused as refusal:
            raise NoticeRefused(f"{self.name}: the address {refusal.reason}") from refusal
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoticeFailed(f"{self.name}: {type(error).__name__}") from error

    def _signature(self, notice_id: str, body: bytes) -> dict[str, str]:
        """The three headers of Standard Webhooks; none without a secret. Each attempt is signed at its own time."""
        if not self._signers:
            return {}
        id_, at = header_id(notice_id), self._now()
        signatures = " ".join(signer.sign(id_, at, body.decode()) for signer in self._signers)
        return {
            "webhook-id": id_,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signatures,
        }

    def _judge(self, response: httpx.Response) -> None:
        """Raises NoticeRefused or NoticeFailed, unless the answer is 2xx."""
        if response.is_success:
            return
        problem = f"{self.name} answered {response.status_code}"
        if response.status_code == HTTPStatus.GONE:
            raise NoticeRefused(f"{problem}: it is gone and takes no notice any more", gone=True)
        if response.status_code in REFUSALS:
            raise NoticeRefused(problem)
        raise NoticeFailed(problem, retry_after(response.headers.get("retry-after"), self._now()))


def header_id(notice_id: str) -> str:
    """The id of a notice as a header may hold it: what is no visible ASCII character is written as `%XX`."""
    return quote(notice_id, safe="!\"#$&'()*+,/:;<=>?@[\\]^_`{|}~-.")


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds from now, an hour at most, of either form of Retry-After (RFC 9110, 10.2.3); None for any other."""
    if header is None:
        return None
    if header.isascii() and header.isdigit():
        return min(float(header), LONGEST_WAIT_SECONDS)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return None if at.tzinfo is None else min(max((at - now).total_seconds(), 0.0), LONGEST_WAIT_SECONDS)


def new_secret() -> str:
    """A secret of 32 random bytes."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def require_secrets(given: Sequence[str], field: str) -> tuple[str, ...]:
    """Raises InvalidValue, which tells how long a bad secret is and nothing else of it."""
    if len(given) > MOST_SECRETS:
        raise InvalidValue(field, f"{len(given)} secrets", f"must be at most {MOST_SECRETS}, the newest first")
    for place, secret in enumerate(given):
        if not _is_secret(secret):
            reason = f"must be {SECRET_PREFIX} and base64 of {SECRET_BYTES.start} to {SECRET_BYTES.stop - 1} bytes"
            raise InvalidValue(f"{field}[{place}]", f"{len(secret)} characters", reason)
    return tuple(given)


def _is_secret(secret: str) -> bool:
    if not secret.startswith(SECRET_PREFIX):
        return False
    try:
        return len(base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)) in SECRET_BYTES
    except (binascii.Error, ValueError):
        return False


def _cloud_event(notice: Mapping[str, Any]) -> CloudEvent:
    attributes = {name: value for name, value in notice.items() if name != "data"}
    attributes["time"] = to_datetime(parse(notice["time"]))
    return CloudEvent(attributes=attributes, data=notice["data"])


async def _check(destination: Destination, outside: Outside) -> None:
    require_secrets(destination.secrets, "secrets")
    url = require_url(destination.address)
    if not destination.trusted:
        try:
            await outside.guard.addresses(
                url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)
            )
        except InvalidValue as refusal:
            raise type(refusal)("address", redacted(destination.address), refusal.reason) from None


def _open(destination: Destination, outside: Outside) -> Channel:
    return WebhookChannel(destination, outside.client(destination), outside.now)


def _from_settings(outside: Outside) -> Iterator[Channel]:
    """One channel for each URL of `SLA_WEBHOOK_URLS`, signed by `SLA_WEBHOOK_SECRETS`."""
    own = tuple(secret.get_secret_value() for secret in outside.configuration.webhook_secrets)
    for url in outside.configuration.webhook_urls:
        yield _open(Destination(url, own, trusted=True), outside)


KIND = ChannelKind(
    "webhook",
    "an HTTP POST of the CloudEvent in structured mode; any 2xx means taken",
    from_settings=_from_settings,
    address="an http or https URL on the public internet",
    example="https://hooks.example.com/sla",
    check=_check,
    open=_open,
    settings=("SLA_WEBHOOK_URLS", "SLA_WEBHOOK_SECRETS", "SLA_ALLOW_PRIVATE_RECEIVERS"),
    most_secrets=MOST_SECRETS,
)
