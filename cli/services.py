"""`sla worker`, `sla api`, `sla migrate`: the parts of the engine one by one, as a cluster runs them."""

from __future__ import annotations

import asyncio
import logging

from cli import console
from cli.engine import bootstrap, lifeline, loading, ports
from settings import Settings

# Clients that keep a connection open must not hold up a stop.
SHUTDOWN_SECONDS = 3


def worker() -> None:
    """Run a worker until SIGTERM or Ctrl-C."""
    supervised = _held()
    with loading.quickly():
        from worker import run  # noqa: PLC0415 - the worker's libraries are not for every command

    asyncio.run(run(_with_store(supervised=supervised)))


def api() -> None:
    """Run the HTTP API until SIGTERM or Ctrl-C."""
    supervised = _held()
    with loading.quickly():
        import uvicorn  # noqa: PLC0415 - as above

        from api.app import create_app  # noqa: PLC0415

    settings = _with_store(supervised=supervised)
    asyncio.run(ports.check_api(settings))
    uvicorn.run(
        create_app(settings),
        host=settings.api_host,
        port=settings.api_port,
        log_level=settings.log_level,
        access_log=settings.log_level == "debug",
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


def migrate() -> None:
    """Bring the store's tables up to date, and make sure that an API key exists."""
    _held()
    new_key = asyncio.run(_migrated(_prepared()))
    if new_key is not None:
        console.say(f"API key, shown once: {new_key}")
    console.say("the store is up to date")


async def _migrated(settings: Settings) -> str | None:
    await bootstrap.migrate(settings)
    return await bootstrap.ensure_key(settings)


def _held() -> bool:
    """Whether a supervisor started this process."""
    supervised = lifeline.is_there()
    lifeline.hold()
    return supervised


def _with_store(*, supervised: bool) -> Settings:
    """Under a supervisor, which has looked at the store, a part starts without it, too: notices need none."""
    settings = _prepared()
    if supervised:
        lifeline.await_word()
    else:
        bootstrap.require_store(settings)
    return settings


def _prepared() -> Settings:
    settings = Settings.load()
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # It tells of each of its own plugins, and of what it assumes.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return settings
