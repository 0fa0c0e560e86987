"""`sla worker`: a worker alone."""

from __future__ import annotations

import asyncio

from cli.parts import surroundings
from worker import run


def worker() -> None:
    """Run a worker until SIGTERM or Ctrl-C."""
    asyncio.run(run(surroundings.with_store()))
