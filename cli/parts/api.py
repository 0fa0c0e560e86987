"""`sla api`: the HTTP API alone."""

from __future__ import annotations

import asyncio
from functools import partial

import uvicorn

from api.app import create_app
from cli.engine import ports
from cli.parts import surroundings
from outlets import outgoing

# Clients that keep a connection open must not hold up a stop.
SHUTDOWN_SECONDS = 3


def api() -> None:
    """Run the HTTP API until SIGTERM or Ctrl-C."""
    settings = surroundings.with_store()
    asyncio.run(ports.check_api(settings))
    uvicorn.run(
        create_app(settings, outgoing=partial(outgoing, settings)),
        host=settings.api_host,
        port=settings.api_port,
        # Its loggers hand on to ours, so that each line of the log begins with its time.
        log_config=None,
        access_log=settings.log_level == "debug",
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
