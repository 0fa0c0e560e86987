"""`sla up`: the whole engine in the foreground."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from cli import console
from cli.engine import home, parts_in_order
from settings import Settings


def up(
    with_parent: Annotated[
        bool, typer.Option("--with-parent", help="Stop when the calling process has ended.")
    ] = False,
) -> None:
    """Run the whole engine in the foreground: Temporal server, worker and API. Ctrl-C stops it."""
    settings = Settings.load()
    home.prepare(settings.home)
    with home.locked(settings.home):
        asyncio.run(parts_in_order.supervise(settings, with_parent=with_parent))
    console.say("stopped")
