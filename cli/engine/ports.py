"""Whether the ports of the engine are free. This is checked before anything is started."""

from __future__ import annotations

import asyncio
import errno
import socket
import time

from domain.errors import Conflict
from settings import Settings

# A process that was just killed may hold its port for a moment.
PATIENCE_SECONDS = 1.0


async def check(settings: Settings, *, embedded: bool) -> None:
    """Raises Conflict with one line for each port that cannot be had."""
    wanted = {"SLA_API_PORT": (settings.api_host, settings.api_port)}
    if embedded:
        wanted["SLA_TEMPORAL_PORT"] = ("127.0.0.1", settings.temporal_port)
        wanted["SLA_TEMPORAL_UI_PORT"] = ("127.0.0.1", settings.temporal_ui_port)
    await _check(wanted)


async def check_api(settings: Settings) -> None:
    await _check({"SLA_API_PORT": (settings.api_host, settings.api_port)})


async def _check(wanted: dict[str, tuple[str, int]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    problems = _shared(wanted) or _taken(wanted)
    while problems and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
        problems = _shared(wanted) or _taken(wanted)
    if problems:
        raise Conflict("\n".join(problems))


def _shared(wanted: dict[str, tuple[str, int]]) -> list[str]:
    names: dict[int, list[str]] = {}
    for name, (_, port) in wanted.items():
        names.setdefault(port, []).append(name)
    return [f"port {port} is named by {' and '.join(who)}" for port, who in names.items() if len(who) > 1]


def _taken(wanted: dict[str, tuple[str, int]]) -> list[str]:
    return [problem for name, (host, port) in wanted.items() if (problem := _problem(name, host, port)) is not None]


def _problem(name: str, host: str, port: int) -> str | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"port {port} on {host} is in use ({name})"
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            return f"address {host} cannot be used: {error.strerror} (SLA_API_HOST)"
        return f"port {port} on {host} cannot be used: {error.strerror} ({name})"
    return None
