"""Many events at once. Those of one ticket reach its instances in one signal, and are planned and recorded as one."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.errors import ClientGone, InvalidValue, SlaError, Unavailable
from domain.ids import InstanceId
from service.dependencies import Dependencies
from service.instances.commands import send
from service.instances.events import Part, Reached, reach
from service.instances.refusals import Refusals
from service.instances.signals import together
from service.instances.subject_events import SubjectEvent
from service.tools.concurrency import all_settled
from store.instances.event_outcomes import EventKey
from store.instances.instances import EventOutcome, RefusedEvent

TICKETS_AT_ONCE = 8
"""Each may have two instances, and a process has sixteen turns at Temporal."""
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an event is not taken. It is an answer, for others beside it are."""

    error: SlaError


Result = Sequence[Part] | Refused
"""What became of one event at each instance of its subject."""

_Outcomes = Mapping[EventKey, EventOutcome]


async def take_batch(deps: Dependencies, organization: str, events: Sequence[SubjectEvent]) -> Sequence[Result]:
    """Send each subject its events as one, durably, and wait a moment for their effect; a result for each, in order.

    An unknown subject is opened with all of its events if one of them carries its ticket. An event that is refused
    costs no other one its effect. Raises Unavailable where some could not be sent: sending all of them again completes
    what was begun.
    """
    events, refused = await _narrowed(deps, organization, events)
    groups = _by_subject(events, besides=refused)
    turns = asyncio.Semaphore(TICKETS_AT_ONCE)
    sent = await all_settled(_send(deps, organization, [events[at] for at in places], turns) for places in groups)
    wanted = [
        (reached, [events[at] for at in places])
        for reached, places in zip(sent, groups, strict=True)
        if isinstance(reached, Reached)
    ]
    outcomes = await _outcomes(deps, organization, wanted)
    results: dict[int, Result] = dict(refused)
    for reached, places in zip(sent, groups, strict=True):
        for at in places:
            results[at] = _result(organization, events[at], reached, outcomes)
    return [results[at] for at in range(len(events))]


async def _narrowed(
    deps: Dependencies, organization: str, events: Sequence[SubjectEvent]
) -> tuple[Sequence[SubjectEvent], Mapping[int, Refused]]:
    """The events, each for the instances that can take it, and those that none can take, by their places."""
    refusals, found, refused = Refusals(deps, organization), list(events), {}
    for at, event in enumerate(events):
        try:
            found[at] = await refusals.narrowed(event)
        except InvalidValue as error:
            refused[at] = Refused(error)
    return found, refused


def _by_subject(events: Sequence[SubjectEvent], besides: Container[int] = ()) -> Sequence[Sequence[int]]:
    """The places of the events of each subject, in their order, without some of them."""
    groups: dict[tuple[InstanceId, ...], list[int]] = {}
    for at, event in enumerate(events):
        if at not in besides:
            groups.setdefault(tuple(event.subject), []).append(at)
    return list(groups.values())


async def _send(
    deps: Dependencies, organization: str, events: Sequence[SubjectEvent], turns: asyncio.Semaphore
) -> Reached | Refused:
    """Send a subject its events. Those that do not fit into one signal follow it."""
    signals = together([event.signal for event in events if event.signal is not None])
    first = replace(_opener(events), signal=signals[0] if signals else None)
    async with turns:
        try:
            reached = await reach(deps, organization, first)
            for signal in signals[1:]:
                await all_settled(send(deps, organization, str(one), signal) for one in reached.instances)
        except (ClientGone, Unavailable):
            raise
        except SlaError as error:
            return Refused(error)
    return reached


def _opener(events: Sequence[SubjectEvent]) -> SubjectEvent:
    """The event that opens an unknown subject: an opening with its ticket, else the earliest one that carries it."""
    carrying = [
        (event.signal is not None, event.carried.opened.occurred_at, event) for event in events if event.carried
    ]
    return min(carrying, key=lambda one: one[:2])[2] if carrying else events[0]


async def _outcomes(
    deps: Dependencies, organization: str, sent: Iterable[tuple[Reached, Sequence[SubjectEvent]]]
) -> _Outcomes:
    """What is recorded within `timeouts.applied` seconds. The last event of each instance is waited for."""
    keys = [list(_keys(organization, one, events)) for reached, events in sent for one in reached.instances]
    awaited = [own[-1] for own in keys if own]
    within = deps.timeouts.applied
    try:
        await all_settled(deps.watch.event_outcome(deps.store.instances, *key, within) for key in awaited)
        return await _read(deps, [key for own in keys for key in own])
    except Unavailable:
        return {}


async def _read(deps: Dependencies, keys: Sequence[EventKey]) -> _Outcomes:
    found: dict[EventKey, EventOutcome] = {}
    for start in range(0, len(keys), MOST_AT_ONCE):
        found |= await deps.store.instances.event_outcomes(keys[start : start + MOST_AT_ONCE])
    return found


def _keys(organization: str, instance: InstanceId, events: Iterable[SubjectEvent]) -> Iterator[EventKey]:
    for event in events:
        if event.signal is not None:
            yield organization, str(instance), event.event_id


def _result(organization: str, event: SubjectEvent, reached: Reached | Refused, outcomes: _Outcomes) -> Result:
    """An opening is no news to instances that are there: it has its effect at once."""
    if isinstance(reached, Refused):
        return reached
    parts = []
    for one in reached.instances:
        outcome = outcomes.get((organization, str(one), event.event_id))
        if isinstance(outcome, RefusedEvent):
            return Refused(InvalidValue("event_id", event.event_id, outcome.reason))
        parts.append(Part(one, event.signal is None or outcome is not None, None))
    return parts
