"""Events by their subject. Each goes to every instance of a conversation, ticket or incident."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import EngineUnavailable, NotFound
from domain.ids import InstanceId
from domain.instants import Instant, parse
from domain.ticket.authors import NOBODY, Actor
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from service.dependencies import Dependencies
from service.instances.commands import revive
from service.instances.effects import effect
from service.instances.excusing import read_excuse
from service.instances.open_ticket import TrackedTicket, open_instances
from service.instances.planned_events import TakenEvent, tell_planned
from service.instances.reading.views import FoundInstance, find_instance
from service.instances.refusals import Refusals
from service.instances.signals import SOURCE, Signal, mint_event_id, occurred_at, stamped
from service.instances.subject_events import CarriedTickets, SubjectEvent
from service.tools.concurrency import all_settled
from store.rules.claims import Claim


@dataclass(frozen=True, slots=True)
class Reached:
    """The instances that have an event now: those that were there, and those that were opened with it.

    Of the latter `foreseen` says what is expected; None of an instance that turned out to be there. `recorded` is the
    event as the instances have it that took it together with its plan.
    """

    known: Sequence[InstanceId]
    foreseen: Mapping[InstanceId, FoundInstance | None]
    recorded: Mapping[InstanceId, TakenEvent]

    @property
    def instances(self) -> Sequence[InstanceId]:
        return (*self.known, *self.foreseen)


@dataclass(frozen=True, slots=True)
class Part:
    """The event at one instance. Until it is `applied`, `found` is the instance as it is expected, if that is known."""

    instance: InstanceId
    applied: bool
    found: FoundInstance | None


def subject_event(
    subject: Sequence[InstanceId],
    signal_name: str | None,
    payload: Mapping[str, Any],
    tickets: Sequence[Ticket] | None,
    opened: str | None,
    now: Instant,
    source: str = SOURCE,
) -> SubjectEvent:
    """`opened` is when the tickets were opened, `source` the system that tells it.

    Raises InvalidValue for an instant more than five minutes ahead, and for an excuse that says too little.
    """
    message = stamped(payload, now, source)
    opened_at = None if opened is None else occurred_at(opened, now, "ticket.occurred_at")
    signal = None if signal_name is None else Signal(signal_name, message)
    if signal is not None:
        read_excuse(signal)
    carried = None if tickets is None else CarriedTickets(tickets, _opening(message, signal, opened_at))
    return SubjectEvent(subject, message["event_id"], signal, carried)


async def take_event(deps: Dependencies, organization: str, event: SubjectEvent) -> Sequence[Part]:
    """Send the event to every instance of its subject, durably, and wait a moment for its effect.

    An unknown subject is opened first if the event carries its ticket; no part in the result means that no promise
    applies to it. Raises NotFound for an unknown subject without a ticket, InvalidValue for an event that cannot be
    planned, and Unavailable. After Unavailable, sending the same event again completes what was begun.
    """
    event = await Refusals(deps, organization).narrowed(event)
    since = asyncio.get_running_loop().time()
    reached = await reach(deps, organization, event)
    return await all_settled(_part(deps, organization, event, one, reached, since) for one in reached.instances)


async def reach(deps: Dependencies, organization: str, event: SubjectEvent) -> Reached:
    """Send the event, durably, to every instance of its subject. Opens an unknown one; raises as `take_event` does."""
    told = await all_settled(_tell_planned(deps, organization, event, one) for one in event.subject)
    recorded = {one: there for one, there in zip(event.subject, told, strict=True) if there is not None}
    known, claims = await _give(deps, organization, event, recorded)
    missing = [one for one in event.subject if one not in known]
    if event.carried is None:
        _require_none_on_its_way(deps, claims.values())
        if not known:
            raise _unknown(event.subject[0])
        opened: Sequence[TrackedTicket] = ()
    else:
        # Of a known subject, only the instances that another request has claimed and not opened yet.
        wanted = [one for one in missing if not known or str(one) in claims]
        opened = await _open(deps, organization, event, event.carried, wanted)
    # Nothing is expected yet of an instance that existed before.
    foreseen = {one.ticket.instance: one.found if one.created else None for one in opened}
    return Reached(known, foreseen, recorded)


async def _tell_planned(
    deps: Dependencies, organization: str, event: SubjectEvent, instance: InstanceId
) -> TakenEvent | None:
    return None if event.signal is None else await tell_planned(deps, organization, str(instance), event.signal)


async def _give(
    deps: Dependencies, organization: str, event: SubjectEvent, besides: Container[InstanceId]
) -> tuple[Sequence[InstanceId], Mapping[str, Claim]]:
    """Send the event to all but those that have it; return the instances that exist, and the claims of those that do
    not exist yet."""
    asked = [one for one in event.subject if one not in besides]
    running = await all_settled(_signal(deps, organization, event, one) for one in asked)
    quiet = [one for one, is_running in zip(asked, running, strict=True) if not is_running]
    if not quiet:
        return event.subject, {}
    # Claims first: what another request opens meanwhile has its claim before it runs, and its row afterwards.
    claims = await deps.store.claims.standing(organization, [str(one) for one in quiet])
    recorded = await all_settled(revive(deps, organization, str(one), event.signal) for one in quiet)
    missing = [one for one, is_there in zip(quiet, recorded, strict=True) if not is_there]
    known = [one for one in event.subject if one not in missing]
    return known, {str(one): claims[str(one)] for one in missing if str(one) in claims}


async def _signal(deps: Dependencies, organization: str, event: SubjectEvent, instance: InstanceId) -> bool:
    if event.signal is None:
        return await deps.engine.is_running(organization, str(instance))
    return await deps.engine.signal(organization, str(instance), event.signal.name, event.signal.message)


async def _open(
    deps: Dependencies, organization: str, event: SubjectEvent, carried: CarriedTickets, wanted: Sequence[InstanceId]
) -> Sequence[TrackedTicket]:
    """Open the instances that are wanted; those that exist now have the event."""
    tickets = [ticket for ticket in carried.tickets if ticket.instance in wanted]
    if not tickets:
        return ()
    outcomes = await open_instances(deps, organization, tickets, carried.opened, event.signal)
    return [outcome for outcome in outcomes if isinstance(outcome, TrackedTicket)]


def _opening(message: Mapping[str, Any], signal: Signal | None, opened_at: Instant | None) -> Event:
    at, received_at = (parse(message[name]) for name in ("occurred_at", "received_at"))
    actor = NOBODY if signal is not None else Actor.from_json(message.get("actor"))
    return Event(
        EventKind.OPENED,
        mint_event_id() if signal is not None else message["event_id"],
        at if opened_at is None else opened_at,
        received_at,
        source=message["source"],
        quiet=message.get("quiet") is True,
        actor=actor.name,
        role=actor.role,
        reason=message.get("reason", "") if signal is None else "",
    )


async def _part(
    deps: Dependencies, organization: str, event: SubjectEvent, instance: InstanceId, reached: Reached, since: float
) -> Part:
    opened = reached.foreseen.get(instance)
    if (taken := reached.recorded.get(instance)) is not None and taken.found is not None:
        return Part(instance, True, taken.found)
    if event.signal is None:
        return Part(instance, True, opened or await find_instance(deps, organization, str(instance)))
    outcome = await effect(deps, organization, str(instance), event.signal, opened, since)
    return Part(instance, outcome.applied, outcome.found)


def _require_none_on_its_way(deps: Dependencies, claims: Iterable[Claim]) -> None:
    # Sent again, the event finds the instance. After `not found` the client would drop it.
    if not all(deps.store.claims.has_lapsed(claim) for claim in claims):
        raise EngineUnavailable("The ticket is being opened by another request; try again.")


def _unknown(instance: InstanceId) -> NotFound:
    kind, subject = instance.subject_type, instance.subject
    reason = f"There is no instance of {kind} {subject}; an event that carries its ticket opens one."
    return NotFound(reason, field=f"{kind}_id", value=subject)
