"""`sla watch`: what is due next, live."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated

import typer
from rich.live import Live
from rich.text import Text

from cli import administration, console
from cli.board import due
from cli.board.options import DEFAULT, AsJson, OfAssignee, OfPolicy, OfPriority, OfTeam, Organization, Search
from domain.errors import StoreUnavailable
from store.database.clock import system_clock
from web.pages.due_next.narrowing import DueNextFilters

LINES_AROUND = 6

Look = Callable[[], Awaitable[due.Due]]


def watch(  # noqa: PLR0913, PLR0917 - each is an option
    search: Search = "",
    team: OfTeam = "",
    policy: OfPolicy = "",
    priority: OfPriority = "",
    assignee: OfAssignee = "",
    organization: Organization = DEFAULT,
    every: Annotated[float, typer.Option(min=0.2, max=3600, help="Seconds between two looks.")] = 1.0,
    looks: Annotated[int | None, typer.Option(min=1, help="End after so many; otherwise with Ctrl-C.")] = None,
    as_json: AsJson = False,
) -> None:
    """Watch what is due next in a table that follows; Ctrl-C ends it.

    A pipe gets one snapshot after the other.
    """
    query = DueNextFilters(search.strip(), team, priority, policy, assignee)
    with suppress(KeyboardInterrupt):
        asyncio.run(_watch(organization, query, every, looks, as_json=as_json))


async def _watch(organization: str, query: DueNextFilters, every: float, looks: int | None, *, as_json: bool) -> None:
    async with administration.opened() as store:

        async def look() -> due.Due:
            return await due.look(store, organization, query, system_clock())

        if console.out.is_terminal and not as_json:
            await _live(look, every, looks)
        else:
            await _snapshots(look, every, looks, as_json=as_json)


async def _snapshots(look: Look, every: float, looks: int | None, *, as_json: bool) -> None:
    """JSON is one document a line."""
    seen = 0
    while True:
        found = await look()
        if as_json:
            console.say(json.dumps(due.as_json(found), ensure_ascii=False))
        else:
            console.say(due.figures(found))
            administration.show(("state", *due.HEADINGS[1:]), list(due.rows(found)))
            console.say("")
        if (seen := seen + 1) == looks:
            return
        await asyncio.sleep(every)


async def _live(look: Look, every: float, looks: int | None) -> None:
    """A store that goes away later is waited for; what was seen last stays, and says so."""
    most = max(1, console.out.height - LINES_AROUND)
    shown = due.table(await look(), most)
    with Live(shown, console=console.out, auto_refresh=False, screen=looks is None) as live:
        live.refresh()
        seen = 1
        while seen != looks:
            await asyncio.sleep(every)
            seen += 1
            try:
                shown = due.table(await look(), max(1, console.out.height - LINES_AROUND))
            except StoreUnavailable:
                shown.renderables[:1] = [Text("The store does not answer; figures as they were.", "red")]
            live.update(shown, refresh=True)
