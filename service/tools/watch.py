"""Waiting until the store has recorded events: one read looks for the events of all who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from store.instances.event_outcomes import EventKey
from store.instances.instances import EventOutcome, Instances

# Seconds. An idle worker has an event recorded within a few looks. One that has not after HURRY is slow or gone, and
# looking as often would slow it down further.
HURRIED_WAIT = 0.004
HURRY = 0.25
PATIENT_WAIT = 0.04
# The first look comes after this share of the time that events took lately.
EAGERNESS = 0.7
INERTIA = 0.8
# More in one read would delay the others.
MOST_AT_ONCE = 500


@dataclass(eq=False, slots=True)
class _Waiter:
    wanted: EventKey
    began: float
    deadline: float
    next_look: float
    answer: asyncio.Future[EventOutcome | None]

    def look_again(self, now: float) -> None:
        wait = HURRIED_WAIT if now - self.began < HURRY else PATIENT_WAIT
        self.next_look = min(self.deadline, now + wait)


@dataclass(slots=True)
class _Round:
    """The waiters for one store, and the task that looks for their events."""

    waiters: list[_Waiter] = field(default_factory=list)
    arrival: asyncio.Event = field(default_factory=asyncio.Event)
    looking: asyncio.Task[None] | None = None


class Watch:
    """One for a process. Belongs to one event loop at a time."""

    def __init__(self) -> None:
        self._rounds: dict[Instances, _Round] = {}
        self._usual = 0.0

    async def event_outcome(
        self, instances: Instances, organization: str, instance_id: str, event_id: str, within: float
    ) -> EventOutcome | None:
        """What is recorded of the event, as soon as anything is; None if nothing is within that many seconds.

        There is at least one look, and one when the time is up. Raises StoreUnavailable as soon as a look does.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        first = now + min(max(HURRIED_WAIT, EAGERNESS * self._usual), within)
        waiter = _Waiter((organization, instance_id, event_id), now, now + within, first, loop.create_future())
        round_ = self._rounds.setdefault(instances, _Round())
        round_.waiters.append(waiter)
        round_.arrival.set()
        if round_.looking is None:
            round_.looking = asyncio.create_task(self._look(instances, round_))
        found = await waiter.answer
        took = min(loop.time() - now, HURRY)
        self._usual = INERTIA * self._usual + (1 - INERTIA) * took
        return found

    async def _look(self, instances: Instances, round_: _Round) -> None:
        clock = asyncio.get_running_loop().time
        try:
            while round_.waiters:
                await _until_due(round_)
                now = clock()
                due = [one for one in round_.waiters if one.next_look <= now]
                for start in range(0, len(due), MOST_AT_ONCE):
                    await _answer(instances, due[start : start + MOST_AT_ONCE], now)
                round_.waiters = [one for one in round_.waiters if not one.answer.done()]
        finally:
            del self._rounds[instances]
            for one in round_.waiters:
                one.answer.cancel()


async def _until_due(round_: _Round) -> None:
    """Wait until a look is due. Returns early for a new waiter, whose look may be due sooner."""
    round_.arrival.clear()
    with suppress(TimeoutError):
        async with asyncio.timeout_at(min(one.next_look for one in round_.waiters)):
            await round_.arrival.wait()


async def _answer(instances: Instances, due: Sequence[_Waiter], now: float) -> None:
    try:
        found = await instances.event_outcomes(list({one.wanted for one in due}))
    except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it was
        for one in _waiting(due):
            one.answer.set_exception(error)
        return
    for one in _waiting(due):
        if one.wanted in found or now >= one.deadline:
            one.answer.set_result(found.get(one.wanted))
        else:
            one.look_again(asyncio.get_running_loop().time())


def _waiting(waiters: Iterable[_Waiter]) -> list[_Waiter]:
    """The waiters that have not given up meanwhile."""
    return [one for one in waiters if not one.answer.done()]
