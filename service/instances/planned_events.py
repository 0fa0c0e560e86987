"""Events that are sent together with their plan, and recorded by whoever sends them: that saves an activity each.

An instance takes such an event if it was planned from exactly the events that it has; it alone decides, and gives the
step its number. Whatever stands in the way (a worker that does not answer, another event at the same time, a store that
is away), the event is sent as a signal, which is never turned away (decision 31).
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace

from domain.digests import plan_digest
from domain.errors import SlaError, StoreUnavailable
from domain.instants import Instant
from domain.plan.amendments import amendment
from domain.plan.plans import Plan
from domain.policy.snapshot import Snapshot
from domain.record.histories import FEW, Applied, Key, KnownHistory
from domain.record.ledger import Ledger
from domain.record.records import FIRST
from domain.record.steps import StepContext, basis
from domain.ticket.events import Event, EventKind
from domain.ticket.timeline import ticket_after
from service.dependencies import Dependencies
from service.instances.reading.views import FoundInstance
from service.instances.signals import Signal
from store.instances.open_tickets import Start
from workflows.documents import TakenEventDocument
from workflows.planned import PlannedEvent

log = logging.getLogger(__name__)


def remember_opening(deps: Dependencies, start: Start) -> None:
    """An instance has begun so, and its first step is recorded: nothing need be read when it is told something."""
    facts, opened = start.snapshot.facts, (start.opened,)
    history = KnownHistory(
        document=start.snapshot.to_json(),
        snapshot=start.snapshot,
        events=opened,
        basis=basis(opened),
        plan=start.plan,
        plan_digest=plan_digest(start.plan.to_json()),
        recorded=FIRST,
    )
    deps.known.keep((facts.organization, facts.instance_id), history)


@dataclass(frozen=True, slots=True)
class TakenEvent:
    """An event that is recorded, and the instance with it; None where the store did not say what has fired of it."""

    event: Event
    found: FoundInstance | None


async def tell_planned(deps: Dependencies, organization: str, instance_id: str, signal: Signal) -> TakenEvent | None:
    """Have a running instance take the event, and record it.

    None where it must be sent as a signal; it may have been taken all the same, and counts once.
    """
    event = signal.event(deps.now())
    if event is None or event.kind is EventKind.REPLANNED or not deps.known.workers_answer:
        return None
    telling = asyncio.create_task(_tell(deps, (organization, instance_id), event))
    # What has been taken must be recorded, though the client that asked may have gone.
    deps.background.add(telling)
    telling.add_done_callback(deps.background.discard)
    return await asyncio.shield(telling)


async def _tell(deps: Dependencies, key: Key, event: Event) -> TakenEvent | None:
    turn = deps.known.turn(key)
    try:
        async with asyncio.timeout(deps.timeouts.planned):
            await turn.acquire()
    except TimeoutError:
        return None
    try:
        return await _tell_in_turn(deps, key, event) if deps.known.workers_answer else None
    finally:
        turn.release()


async def _tell_in_turn(deps: Dependencies, key: Key, event: Event) -> TakenEvent | None:
    try:
        known = deps.known.latest(key)
        if known is not None:
            told = await _tell_from(deps, key, known, event)
            if told is not None or deps.known.latest(key) is not None or not deps.known.workers_answer:
                return told
        loaded = await _load(deps, key)
        return None if loaded is None else await _tell_from(deps, key, loaded, event)
    except SlaError:
        # What cannot be planned is set aside by the instance; what is away may be back for the signal.
        return None


async def _tell_from(deps: Dependencies, key: Key, before: KnownHistory, event: Event) -> TakenEvent | None:
    """Raises as planning does. What turned out to be out of date is forgotten."""
    if any(one.event_id == event.event_id for one in before.events):
        return None
    latest = max(one.received_at for one in before.events)
    event = replace(event, received_at=Instant(max(event.received_at, latest + 1)))
    applied = await _applied(before, event)
    told, ledger = await asyncio.gather(
        deps.engine.tell_planned(*key, planned_event(before, applied)), _ledger(deps, key)
    )
    if told.taken is not None:
        deps.known.hear()
    elif not told.is_answered:
        deps.known.rest()
    if told.taken is not None and (made := await _made(before, applied, told.taken)) is not None:
        recorded_at = await _record(deps, key, made, told.taken)
        return None if recorded_at is None else _taken(made, ledger, recorded_at)
    deps.known.forget(key)
    return None


async def _ledger(deps: Dependencies, key: Key) -> Ledger | None:
    """What has fired, read while the instance is told: what the event makes due is recorded behind it anyway."""
    with suppress(StoreUnavailable):
        return await deps.store.instances.ledger(*key)
    return None


def _taken(made: Applied, ledger: Ledger | None, recorded_at: Instant) -> TakenEvent:
    [event], history = made.events, made.history
    if ledger is None or history.plan is None:
        return TakenEvent(event, None)
    ticket = ticket_after(history.snapshot.ticket, history.events)
    return TakenEvent(event, FoundInstance(history.snapshot, history.plan, ledger, "store", recorded_at, ticket))


async def _made(before: KnownHistory, applied: Applied, taken: TakenEventDocument) -> Applied | None:
    """What has been taken: an event that was sent before is answered as it was then.

    None where it was planned from others than these, so that its step cannot be made here.
    """
    if taken["basis"] != before.basis:
        return None
    if (event := Event.from_json(taken["event"])) != applied.events[0]:
        applied = await _applied(before, event)
    return applied if applied.history.plan_digest == taken["plan_digest"] else None


def planned_event(before: KnownHistory, applied: Applied) -> PlannedEvent:
    """The one event of `applied`, as an instance with the history `before` takes it."""
    assert applied.history.plan is not None
    return PlannedEvent(
        event=applied.events[0],
        basis=before.basis,
        before=before.plan_digest,
        plan=amendment(before.plan, applied.history.plan),
        plan_digest=applied.history.plan_digest,
        recorded=before.recorded,
    )


async def _applied(before: KnownHistory, event: Event) -> Applied:
    if len(before.events) < FEW:
        return before.with_events([event])
    return await asyncio.to_thread(before.with_events, [event])


async def _record(deps: Dependencies, key: Key, applied: Applied, taken: TakenEventDocument) -> Instant | None:
    """When the step was recorded; None where it is left to the instance."""
    context = StepContext.from_json(taken)
    writing = asyncio.create_task(deps.store.instances.record(applied.step(context)))
    # A slow store may still take it after the same event has had the instance record it: the steps are the same.
    deps.background.add(writing)
    writing.add_done_callback(deps.background.discard)
    await asyncio.wait({writing}, timeout=deps.timeouts.row)
    if not writing.done() or writing.exception() is not None:
        why = writing.exception() if writing.done() else "the store does not answer"
        log.warning("step %s of %s is left to the instance: %r", context.sequence, key[1], why)
        deps.known.forget(key)
        return None
    deps.known.keep(key, replace(applied.history, recorded=context.sequence))
    return writing.result()


async def _load(deps: Dependencies, key: Key) -> KnownHistory | None:
    """What is recorded of an instance that goes on; None where the store lacks something of it."""
    loaded = await deps.store.instances.load(*key)
    if loaded is None or loaded.snapshot is None or not (loaded.is_complete and loaded.ongoing and loaded.events):
        return None
    return KnownHistory(
        document=loaded.snapshot,
        snapshot=Snapshot.from_json(loaded.snapshot),
        events=loaded.events,
        basis=basis(loaded.events),
        plan=Plan.from_json(loaded.plan),
        plan_digest=plan_digest(loaded.plan),
        recorded=loaded.sequence,
    )
