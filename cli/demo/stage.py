"""The engine behind the show. It has a temporary home and free ports, and ignores the caller's environment."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

from cli.engine import readiness
from cli.engine.children import Service
from settings import Settings

ENGINE = "engine"
# The engine inside stops its own parts first, each with a grace of its own.
GRACE_SECONDS = 25.0
PORTS = ("SLA_API_PORT", "SLA_TEMPORAL_PORT", "SLA_TEMPORAL_UI_PORT")


def isolated(home: Path, webhook: str) -> Settings:
    """Settings of this process and of the processes it starts, with nothing from the caller's environment."""
    for name in [name for name in os.environ if name.startswith(("SLA_", "TEMPORAL_"))]:
        del os.environ[name]
    os.environ |= dict(zip(PORTS, map(str, _free_ports(len(PORTS))), strict=True))
    os.environ |= {
        "SLA_HOME": str(home),
        "SLA_API_KEY": secrets.token_urlsafe(24),
        "SLA_WEBHOOK_URLS": webhook,
        "SLA_LOG_LEVEL": "warning",
        "TEMPORAL_CONFIG_FILE": str(home / "no-temporal.toml"),
    }
    return Settings.load()


def engine(settings: Settings) -> Service:
    command = (sys.executable, "-P", "-m", "cli", "up", "--with-parent")
    log = settings.home / "engine.log"
    return Service(ENGINE, command, log, lambda: readiness.api(settings), grace=GRACE_SECONDS)


def _free_ports(count: int) -> list[int]:
    """Free ports. All are held for a moment at the same time, so that they differ."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
