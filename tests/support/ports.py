"""Ports for servers of tests."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from itertools import count

LOWEST_PORT, STRETCH, STRETCHES = 10_000, 2_000, 10
_ports = count(os.getpid())


def free_port() -> int:
    """One that nobody has now. It lies below those that systems give to connections going out, for a server that is
    stopped comes back to its port; and each test process has a stretch of its own."""
    process = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    first = LOWEST_PORT + int(process) % STRETCHES * STRETCH
    for _ in range(STRETCH):
        port = first + next(_ports) % STRETCH
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"none of the ports from {first} on is free")
