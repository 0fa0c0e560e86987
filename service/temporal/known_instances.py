"""What this process knows of the instances that it has told something last, and whether workers answer."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from weakref import WeakValueDictionary

from domain.record.histories import Key, KnownHistories, KnownHistory

# Behind an event that no worker took in time, others go as signals for so long: none waits for the same in vain.
REST_SECONDS = 5.0
HEARD_SECONDS = 2.0
HEAVIEST = 100_000


class KnownInstances:
    """One for a process. What it knows may be out of date: the instance decides."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._histories = KnownHistories(HEAVIEST)
        self._clock = clock
        self._rests_until = 0.0
        self._heard_at = -math.inf
        self._turns: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    def turn(self, key: Key) -> asyncio.Lock:
        """Held by whoever tells the instance something: of two who plan from the same events one plans in vain."""
        return self._turns.setdefault(key, asyncio.Lock())

    @property
    def workers_answer(self) -> bool:
        return self._clock() >= self._rests_until

    def hear(self) -> None:
        """A worker has answered."""
        self._heard_at = self._clock()

    def rest(self) -> None:
        """No worker has answered: ask none for a while. Where others were answered meanwhile, there are just many."""
        if self._clock() - self._heard_at > HEARD_SECONDS:
            self._rests_until = self._clock() + REST_SECONDS

    def latest(self, key: Key) -> KnownHistory | None:
        return self._histories.latest(key)

    def keep(self, key: Key, history: KnownHistory) -> None:
        """Of an instance that is over nobody is likely to tell more."""
        if history.plan is None or history.plan.closed_at is not None:
            self._histories.forget(key)
        else:
            self._histories.keep(key, history)

    def forget(self, key: Key) -> None:
        self._histories.forget(key)
