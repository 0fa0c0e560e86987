"""The help desk of the board's show: it opens the tickets and works on them, as a ticket system would."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

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


async def work(
    deps: Dependencies,
    organization: str,
    scripts: Sequence[TicketScript],
    is_standing: Standing,
    sleep: Sleep = asyncio.sleep,
) -> None:
    """The steps of all tickets, at their times from now. A ticket whose step is refused is left to itself."""
    began = asyncio.get_running_loop().time()

    async def live(script: TicketScript) -> None:
        id_ = str(ticket_of(script).instance)
        for step in script.steps:
            await sleep(max(0.0, began + step.at - asyncio.get_running_loop().time()))
            if not await is_standing():
                return
            reason = {"reason": step.reason} if step.reason else {}
            try:
                await command_instance(deps, organization, id_, step.command, {"actor": ACTOR, **reason})
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


def ticket_of(script: TicketScript) -> Ticket:
    return Ticket(
        InstanceId(Kind.SLA, SubjectType.TICKET, script.ticket_id),
        script.promise.priority,
        {"subject": script.title},
        script.team_id,
    )
