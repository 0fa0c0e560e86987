"""`sla migrate`: what the store needs before the parts run."""

from __future__ import annotations

import asyncio

from cli import console
from cli.engine import bootstrap
from cli.parts import surroundings
from settings import Settings


def migrate() -> None:
    """Bring the store's tables up to date, and make sure that an API key exists."""
    new_key = asyncio.run(_migrated(surroundings.prepared()))
    if new_key is not None:
        console.say(f"API key, shown once: {new_key}")
    console.say("the store is up to date")


async def _migrated(settings: Settings) -> str | None:
    await bootstrap.migrate(settings)
    return await bootstrap.ensure_key(settings)
