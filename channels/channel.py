"""What a channel is, where it sends, and what it is made from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx
from pydantic import SecretStr

from channels.outgoing.doors import Doors
from channels.outgoing.guard import Guard
from channels.outgoing.transport import guarded_client, usual_tls

SmtpSecurity = Literal["starttls", "tls", "none"]
Now = Callable[[], datetime]
REFUSALS = frozenset({400, 405, 406, 410, 413, 415, 422})
"""HTTP statuses by which a receiver says that it has read the notice and will never take it. Any other may pass."""
USER_AGENT = "slakeeper"
MAIL_CONNECTIONS = 10


class Channel(Protocol):
    """One way for notices to leave.

    `name` is the same after every restart, tells the channel from all others, and carries no secret: it stands in
    histories and in the store.
    """

    @property
    def name(self) -> str: ...

    async def send(self, notice: Mapping[str, Any]) -> None:
        """Returns once the receiver has taken the notice, a CloudEvent (docs/notices.md).

        Raises NoticeRefused if the receiver will never take it, NoticeFailed if it may take it later.
        """


@dataclass(frozen=True, slots=True)
class Destination:
    """One receiver.

    `address` is of the form that its channel asks for. `secrets` are those that are valid now, the newest first.
    `id` names the receiver in histories and in the store; without one, the address is named by its host and a hash.
    `timezone` is the zone that people there read times in (None: the notice's own). `templates` are those of the
    receiver's organization, by part; what is left out is the built-in one. The operator's own receivers are `trusted`:
    the guard of outgoing addresses does not ask where they lie.
    """

    address: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    id: str | None = None
    timezone: str | None = None
    templates: Mapping[str, str] = field(default_factory=dict)
    trusted: bool = False


class Configuration(Protocol):
    """The settings that channels are made from (settings.py)."""

    @property
    def webhook_urls(self) -> Sequence[str]: ...
    @property
    def webhook_secrets(self) -> Sequence[SecretStr]: ...
    @property
    def allow_private_receivers(self) -> bool: ...
    @property
    def smtp_host(self) -> str | None: ...
    @property
    def smtp_port(self) -> int | None: ...
    @property
    def smtp_security(self) -> SmtpSecurity: ...
    @property
    def smtp_username(self) -> str | None: ...
    @property
    def smtp_password(self) -> SecretStr | None: ...
    @property
    def smtp_from(self) -> str | None: ...
    @property
    def smtp_ca_file(self) -> Path | None: ...


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Outside:
    """What channels reach the world with. `http` asks the guard before it connects, `trusted_http` does not.

    Mail servers take few connections at a time: each mail waits for one of `mail_slots`. What a worker sends goes
    through `doors`, so that no address can hold up the others.
    """

    configuration: Configuration
    guard: Guard
    http: httpx.AsyncClient
    trusted_http: httpx.AsyncClient
    now: Now = utc_now
    mail_slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAIL_CONNECTIONS))
    doors: Doors = field(default_factory=Doors)

    def client(self, destination: Destination) -> httpx.AsyncClient:
        return self.trusted_http if destination.trusted else self.http


@asynccontextmanager
async def opened(configuration: Configuration, timeout: float, guard: Guard | None = None) -> AsyncIterator[Outside]:
    """The outside by the settings. `timeout` is that of one connection, one answer; in seconds."""
    watch = guard or Guard(allow_private=configuration.allow_private_receivers)
    # As many connections as activities: a receiver that hangs must not keep notices from the others.
    unlimited = httpx.Limits(max_connections=None)
    async with (
        guarded_client(watch, timeout) as http,
        httpx.AsyncClient(verify=usual_tls(), timeout=timeout, limits=unlimited) as trusted,
    ):
        for client in (http, trusted):
            client.headers["user-agent"] = USER_AGENT
        yield Outside(configuration, watch, http, trusted)


Check = Callable[[Destination, Outside], Awaitable[None]]
Open = Callable[[Destination, Outside], Channel]
FromSettings = Callable[[Outside], Iterable[Channel]]


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """A row of the registry: what a channel needs, for people and for the code that keeps receivers.

    `address` is the form of its addresses, with an `example`; None where it takes no receivers. `needs` are the
    settings without which it sends nothing, `settings` all that it reads. `most_secrets` may be valid at once. `parts`
    are the parts of its message that templates may write. `extra` is what has to be installed beside the engine.
    `behind` names what all its receivers have in common, where that may hang: one server.

    `check` looks at a destination before it is kept. It raises InvalidValue, naming `address`, `secrets` or
    `templates.<part>`. `open` makes its channel. `from_settings` makes the channels that the settings alone ask for.
    """

    name: str
    what: str
    from_settings: FromSettings
    address: str | None = None
    example: str | None = None
    check: Check | None = None
    open: Open | None = None
    settings: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    most_secrets: int = 0
    parts: tuple[str, ...] = ()
    extra: str | None = None
    behind: str | None = None


def none_from_settings(_outside: Outside) -> Iterable[Channel]:
    """Of a channel whose receivers are all kept elsewhere."""
    return ()
