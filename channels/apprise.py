"""Everything that Apprise speaks, each by a URL: Slack, Teams, Telegram, PagerDuty, Opsgenie, ntfy, Matrix and others.

Apprise is an extra: it is looked for where a receiver asks for it, and imported in the thread that sends.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from channels.channel import REFUSALS, Channel, ChannelKind, Destination, Outside, none_from_settings
from channels.outgoing.names import channel_name, host_of
from channels.outgoing.sockets import Watch, watched
from channels.wording import templates
from channels.wording.times import Reader
from domain.errors import AddressForbidden, AddressUnknown, InvalidValue, NoticeFailed, NoticeRefused

if TYPE_CHECKING:
    from apprise.plugins.base import NotifyBase

EXTRA = "apprise"
SECONDS = 12.0
SOCKET_SECONDS = 8.0
THREADS = 32
LONGEST_URL = 2000
_STATUS = re.compile(r"error=(\d{3})\b")
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="apprise")


class AppriseChannel:
    """Sends through one Apprise URL. Apprise says no more than whether it went well, and why not in its log."""

    def __init__(self, destination: Destination, outside: Outside) -> None:
        self._destination = destination
        self._allow_private = destination.trusted or outside.guard.allow_private
        self._now = outside.now

    @property
    def name(self) -> str:
        address = self._destination.address
        return channel_name("apprise", self._destination.id, address, _scheme(address))

    async def send(self, notice: Mapping[str, Any]) -> None:
        if not _is_installed():
            raise NoticeFailed(f"{self.name}: {_MISSING}")
        reader = Reader(self._destination.timezone or notice["data"]["timezone"], self._now())
        message = templates.compose("apprise", notice, self._destination.templates, reader)
        watch = Watch(self._allow_private)
        sending = asyncio.get_running_loop().run_in_executor(
            _threads, _send, self._destination.address, message, str(notice["type"]), watch
        )
        try:
            async with asyncio.timeout(SECONDS):
                sent = await asyncio.shield(sending)
        except TimeoutError:
            watch.end()
            raise NoticeFailed(f"{self.name} took longer than {SECONDS:g} seconds") from None
        if watch.refused is not None:
            raise NoticeRefused(f"{self.name}: the address {watch.refused}")
        if not sent.well:
            raise self._judged(sent)

    def _judged(self, sent: _Sent) -> NoticeRefused | NoticeFailed:
        problem = f"{self.name}: {sent.said or 'Apprise did not say why'}"
        if sent.status == HTTPStatus.GONE:
            return NoticeRefused(problem, gone=True)
        is_final = sent.is_unreadable or sent.status in REFUSALS
        return NoticeRefused(problem) if is_final else NoticeFailed(problem)


_MISSING = "needs the package apprise: pip install 'slakeeper[apprise]'"
_TYPES = {"sla.breached": "failure", "sla.escalated": "failure", "sla.at_risk": "warning", "sla.halfway": "warning"}


@dataclass(frozen=True, slots=True)
class _Sent:
    """What Apprise has said. It is `is_unreadable` where it cannot read the URL."""

    well: bool
    said: str = ""
    is_unreadable: bool = False

    @property
    def status(self) -> int | None:
        """The last HTTP status that it tells of."""
        found = _STATUS.findall(self.said)
        return int(found[-1]) if found else None


def _send(url: str, message: templates.Message, type_: str, watch: Watch) -> _Sent:
    """In a thread of its own: Apprise waits for its sockets."""
    with watched(watch), _ear.listening() as heard:
        service = _service(url)
        if service is None:
            return _Sent(well=False, said="Apprise cannot read the URL", is_unreadable=True)
        service.socket_connect_timeout = min(service.socket_connect_timeout, SOCKET_SECONDS)
        service.socket_read_timeout = min(service.socket_read_timeout, SOCKET_SECONDS)
        well = service.notify(
            body=message.text, title=message.subject, notify_type=_TYPES.get(type_, "info"), body_format="text"
        )
        return _Sent(bool(well), "; ".join(dict.fromkeys(heard)).replace(url, _shown(url))[:500])


def _quietly(url: str) -> NotifyBase | None:
    with _ear.listening():
        return _service(url)


def _service(url: str) -> NotifyBase | None:
    import apprise  # noqa: PLC0415 - half a second, and an extra

    return apprise.Apprise.instantiate(url)


class _Ear(logging.Handler):
    """Hears the warnings that Apprise logs, each thread its own, and keeps them from the worker's log: they may hold
    addresses."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        if (lines := getattr(self._lines, "heard", None)) is not None:
            lines.append(" ".join(record.getMessage().split()))

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        """What is said in this thread from now on."""
        logger = logging.getLogger("apprise")
        logger.propagate = False
        # It stays: a handler that is taken away while another thread logs makes that one skip its neighbour.
        logger.addHandler(self)
        self._lines.heard = []
        try:
            yield self._lines.heard
        finally:
            self._lines.heard = None


_ear = _Ear()


def _scheme(url: str) -> str:
    scheme, found, _ = url.partition("://")
    return scheme[:20] if found and scheme.isalnum() else ""


def _shown(url: str) -> str:
    """What an error may show of a URL: of some services even the host is a part of the token."""
    return f"{_scheme(url)}://..."


def _is_installed() -> bool:
    return importlib.util.find_spec(EXTRA) is not None


async def _check(destination: Destination, outside: Outside) -> None:
    if not _is_installed():
        raise InvalidValue("channel", "apprise", _MISSING)
    url = destination.address
    wrong = InvalidValue("address", _shown(url), "must be a URL that Apprise reads, such as ntfys://ntfy.sh/topic")
    if len(url) > LONGEST_URL:
        raise wrong
    service = await asyncio.get_running_loop().run_in_executor(_threads, _quietly, url)
    if service is None:
        raise wrong
    if destination.trusted or outside.guard.allow_private:
        return
    if not hasattr(sys.modules[type(service).__module__], "requests"):
        reason = "must be a service over HTTP, for others cannot be kept out of private networks"
        raise InvalidValue("address", _shown(url), reason)
    await _require_public_host(service, url, outside)


async def _require_public_host(service: NotifyBase, url: str, outside: Outside) -> None:
    """Of services that the URL names a host for. Of others the host is a part of a token, to ask nobody about."""
    host = host_of(url)
    if host is None or "{host}" not in str(service.templates):
        return
    try:
        await outside.guard.addresses(host, 443)
    except (AddressForbidden, AddressUnknown) as refusal:
        raise type(refusal)("address", _shown(url), refusal.reason) from None


def _open(destination: Destination, outside: Outside) -> Channel:
    return AppriseChannel(destination, outside)


KIND = ChannelKind(
    "apprise",
    "a message through one of the services that Apprise knows",
    from_settings=none_from_settings,
    address="an Apprise URL",
    example="ntfys://ntfy.sh/topic",
    check=_check,
    open=_open,
    settings=("SLA_ALLOW_PRIVATE_RECEIVERS",),
    parts=(templates.SUBJECT, templates.TEXT),
    extra=EXTRA,
)
