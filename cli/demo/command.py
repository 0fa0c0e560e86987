"""`sla demo`: a minute-long show of the whole engine on a temporary home."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from cli import console
from cli.demo import screen, stage
from cli.demo.receiver import receiver
from cli.demo.script import scripts
from cli.demo.show import Show
from cli.engine.supervisor import Supervisor


def demo(
    tickets: Annotated[int, typer.Option(min=1, max=60, help="How many tickets the show has.")] = 20,
    seed: Annotated[int, typer.Option(help="Another seed, another show.")] = 7,
) -> None:
    """Watch the engine for a minute: policies, generated tickets, milestones arriving as they fall due."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sla-demo-", ignore_cleanup_errors=True)))
        show = Show(scripts(tickets, seed), screen.introduction(tickets, seed))
        settings = stage.isolated(home, stack.enter_context(receiver(show.take)))
        supervisor = Supervisor(((stage.ENGINE,),), console.say, lambda: console.say("stopping ..."))
        asyncio.run(supervisor.run(lambda: show.run(supervisor, settings)))
    console.say("stopped; nothing is left of it")
