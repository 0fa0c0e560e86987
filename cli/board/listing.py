"""`sla list`: what is due next."""

from __future__ import annotations

import asyncio
import json

from cli import administration, console
from cli.board import due
from cli.board.options import DEFAULT, AsJson, OfAssignee, OfPolicy, OfPriority, OfTeam, Organization, Search
from store.database.clock import system_clock
from web.pages.due_next.narrowing import DueNextFilters


def list_due(
    search: Search = "",
    team: OfTeam = "",
    policy: OfPolicy = "",
    priority: OfPriority = "",
    assignee: OfAssignee = "",
    organization: Organization = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List what is due next: breached, at risk, today, later, paused."""
    query = DueNextFilters(search.strip(), team, priority, policy, assignee)
    found = asyncio.run(_look(organization, query))
    if as_json:
        console.say(json.dumps(due.as_json(found), ensure_ascii=False, indent=2))
        return
    if found.board.empty:
        console.say(due.empty(found))
        return
    administration.show(("state", *due.HEADINGS[1:]), list(due.rows(found)))
    console.note(due.figures(found))
    if found.board.shown < found.board.total:
        console.note(f"{found.board.shown} of {found.board.total}; options narrow the list (sla list --help)")


async def _look(organization: str, query: DueNextFilters) -> due.Due:
    async with administration.opened() as store:
        return await due.look(store, organization, query, system_clock())
