"""The help desk of the board's show: it opens the tickets and works on them, as a ticket system would."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from domain.errors import Conflict, NotFound, SlaError
from domain.ids import InstanceId, Kind, SubjectType
from domain.policy.policies import Policy
from domain.ticket.tickets import Ticket
from service.demo.scene import PROMISES, TEAMS
from service.demo.scripts import DemoPromise, TicketScript
from service.dependencies import Dependencies
from service.instances.commands import command_instance
from service.instances.open_ticket import open_instance
from service.tools.concurrency import all_settled

ACTOR = "demo"
AT_ONCE = 5

log = logging.getLogger(__name__)

Sleep = Callable[[float], Awaitable[None]]
Standing = Callable[[], Awaitable[bool]]
"""Whether the show still goes on."""


async def prepare(deps: Dependencies, organization: str) -> None:
    """The teams and policies of the show. What is there stays."""
    for team in TEAMS:
        with suppress(Conflict):
            await deps.store.teams.create(organization, team)
    for promise in PROMISES:
        with suppress(Conflict):
            await deps.store.policies.create(organization, policy_of(promise), ACTOR)


async def open_tickets(deps: Dependencies, organization: str, scripts: Sequence[TicketScript]) -> None:
    """Raises Unavailable; what was opened by then stays, and is found when they are opened again."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def open_one(script: TicketScript) -> None:
        async with turns:
            await open_instance(deps, organization, ticket_of(script), None)

    await all_settled(open_one(one) for one in scripts)


async def undone(deps: Dependencies, organization: str, scripts: Sequence[TicketScript]) -> Sequence[TicketScript]:
    """The scripts with those of their steps alone that no record shows. Raises StoreUnavailable."""
    wanted = {step.event_id: (organization, _instance_of(one), step.event_id) for one in scripts for step in one.steps}
    known = {key[2] for key in await deps.store.instances.event_outcomes(list(wanted.values()))}
    left = (replace(one, steps=tuple(step for step in one.steps if step.event_id not in known)) for one in scripts)
    return [one for one in left if one.steps]


async def work(
    deps: Dependencies,
    organization: str,
    scripts: Sequence[TicketScript],
    is_standing: Standing,
    sleep: Sleep = asyncio.sleep,
    since: float = 0.0,
) -> None:
    """The steps of all tickets, at their times from the opening, which was `since` seconds ago; those whose time has
    passed at once. A step that is done twice counts once. A ticket whose step is refused is left to itself."""
    began = asyncio.get_running_loop().time() - since

    async def live(script: TicketScript) -> None:
        id_ = _instance_of(script)
        for step in script.steps:
            await sleep(max(0.0, began + step.at - asyncio.get_running_loop().time()))
            if not await is_standing():
                return
            said = {"actor": ACTOR, "event_id": step.event_id, **({"reason": step.reason} if step.reason else {})}
            try:
                await command_instance(deps, organization, id_, step.command, said)
            except NotFound:
                return
            except SlaError as error:
                log.warning("a ticket of the demo is left to itself: %s", error.message)
                return

    try:
        await all_settled(live(one) for one in scripts)
    except SlaError as error:
        log.warning("the demo is left to itself: %s", error.message)


def policy_of(promise: DemoPromise) -> Policy:
    document = promise.to_json()
    targets = [{**one, "id": f"target_{promise.priority}_{one['type']}"} for one in document["targets"]]
    return Policy.from_json(
        {**document, "targets": targets, "id": f"sla_demo_{promise.priority}", "kind": Kind.SLA.value}
    )


def _instance_of(script: TicketScript) -> str:
    return str(ticket_of(script).instance)


def ticket_of(script: TicketScript) -> Ticket:
    return Ticket(
        InstanceId(Kind.SLA, SubjectType.TICKET, script.ticket_id),
        script.promise.priority,
        {"subject": script.title},
        script.team_id,
    )
