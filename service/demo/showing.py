"""Running the demo: an organization of its own, which lives beside the one that asked for it until it is taken away."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from domain.access.scopes import READ, WRITE
from domain.errors import Conflict, Unavailable
from domain.instants import SECOND
from service.demo import desk
from service.demo.scene import scene
from service.dependencies import Dependencies
from service.removing import begin_removal, resume_removals
from store.access.organizations import Organization
from store.lists.listed import ListPart

NAME = "Demo"
KEY_NAME = "demo"
MOST_KEYS = 10
TAKING_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Show:
    """The organization of a demo, and the key by which its visitors look and act. Nobody has the key's text."""

    organization: str
    key_id: str


async def run_demo(deps: Dependencies, home: Organization) -> Show:
    """The demo of the organization `home`: the one that runs, else a new one, whose tickets are open now.

    Raises Conflict for a demo of a demo and for one that is being taken away, Unavailable where a part of the engine
    does not answer.
    """
    if home.demo_of is not None:
        raise Conflict("A demo has no demo of its own.")
    await deps.engine.check()
    await resume_removals(deps)
    there = await deps.store.organizations.demo_of(home.id) or await _made(deps, home)
    key_id = await standing_key(deps, there.id)
    if key_id is None:
        raise Conflict("The demo is being taken away; try again in a moment.")
    _, opened = await deps.store.instances.list(there.id, limit=1, offset=0)
    if not opened:
        await desk.prepare(deps, there.id)
        await desk.open_tickets(deps, there.id, scene())
        _leave_to_itself(desk.work(deps, there.id, scene(), lambda: _is_standing(deps, there.id)))
    return Show(there.id, key_id)


async def resume_demos(deps: Dependencies) -> None:
    """Have the desks of all demos go on where a process that stopped has left them; while the store or Temporal is
    away, none of them. Whose desk is still at work elsewhere loses nothing: what is done twice counts once."""
    with suppress(Unavailable):
        for one in await deps.store.organizations.list():
            if one.demo_of is not None and await _is_standing(deps, one.id):
                await _resume(deps, one.id)


async def _resume(deps: Dependencies, organization: str) -> None:
    there = await deps.store.instances.page(organization, limit=len(scene()))
    if there.total < len(scene()):
        await desk.prepare(deps, organization)
        await desk.open_tickets(deps, organization, scene())
    left = await desk.undone(deps, organization, scene())
    if left:
        first = min((one.opened_at for one in there.rows), default=deps.now())
        since = (deps.now() - first) / SECOND
        working = desk.work(deps, organization, left, lambda: _is_standing(deps, organization), since=since)
        _leave_to_itself(working)


async def take_away(deps: Dependencies, home: str, within: float = TAKING_SECONDS) -> bool:
    """Take the demo of the organization `home` away, with all that it has; false where there is none.

    From then on nobody sees it. What takes longer than `within` seconds goes on by itself. Raises Unavailable.
    """
    await resume_removals(deps)
    demo = await deps.store.organizations.demo_of(home)
    if demo is None:
        return False
    await asyncio.wait({await begin_removal(deps, demo.id)}, timeout=within)
    return True


async def standing_key(deps: Dependencies, organization: str) -> str | None:
    """The id of the key of a demo; None for one that is being taken away."""
    keys = (await deps.store.keys.list(organization, ListPart(MOST_KEYS))).rows
    return next((key.id for key in keys if key.revoked_at is None), None)


async def _made(deps: Dependencies, home: Organization) -> Organization:
    organizations = deps.store.organizations
    id_ = f"demo-{secrets.token_hex(6)}"
    with suppress(Conflict):
        # Somebody else may have made it meanwhile: an organization has one demo at most.
        async with deps.store.database.transaction():
            await organizations.create(id_, name=NAME, timezone=home.timezone, demo_of=home.id)
            await deps.store.keys.create(id_, KEY_NAME, (READ, WRITE))
    made = await organizations.demo_of(home.id)
    if made is None:
        raise Conflict("The demo is being taken away; try again in a moment.")
    return made


async def _is_standing(deps: Dependencies, organization: str) -> bool:
    return await standing_key(deps, organization) is not None


_AT_WORK: set[asyncio.Task[None]] = set()
"""Desks, which the event loop itself holds weakly. A process that stops waits for none of them: the clocks go on."""


def _leave_to_itself(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    _AT_WORK.add(task)
    task.add_done_callback(_AT_WORK.discard)
