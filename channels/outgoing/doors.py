"""How much is on its way to one address at a time, and the rest that an address is given which does not answer.

One receiver that hangs must hold neither the worker's slots nor its loop. Those that come to a full door wait for their
turn, and after a while are sent away with an instant to come again: a notice that is sent away is retried as any other
is, and nothing is lost. Decision 29 says why this is no library's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from domain.errors import NoticeNotTried, NoticeRefused

log = logging.getLogger(__name__)

AT_ONCE = 20
MOST_AT_ONCE = 100
"""Each answer makes room for one more, so that an address that answers is soon told as fast as it takes what comes."""
WAIT_SECONDS = 8.0
"""How long one waits at a full door. A notice that waits holds a slot of the worker's."""
HANGS_SECONDS = 5.0
"""A failure that took that long is no answer. Those that come sooner say that somebody is there."""
HANGS = 5
"""So many in a row, and the address is left in peace."""
REST_SECONDS = 15.0
LONGEST_REST_SECONDS = 300.0
AGAIN_SECONDS = 5.0
SOONEST_SECONDS = 1.0
"""Those who are sent away come again in their order, as many as the door lets through in each span that an answer took
last; in the first of these where somebody has hung, and in the second where nothing is known."""

Clock = Callable[[], float]
Outcome = TypeVar("Outcome")


class Sending(Protocol):
    """A channel (channels/channel.py), or what stands for one."""

    @property
    def name(self) -> str: ...

    async def send(self, notice: Mapping[str, Any]) -> Any: ...


@dataclass(slots=True)
class Doors:
    """The doors of one process, by what is behind them. A door that nobody stands at is forgotten unless it rests."""

    clock: Clock = time.monotonic
    _doors: dict[str, Door] = field(default_factory=dict)

    def before(self, sending: Sending, behind: str | None = None) -> Guarded:
        """The channel behind its door. `behind` names what several channels have in common, such as a server."""
        return Guarded(sending, behind or sending.name, self)

    async def through(self, behind: str, send: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Raises NoticeNotTried, and whatever `send` raises."""
        door = self._doors.setdefault(behind, Door(behind, self.clock))
        try:
            await door.enter()
            return await door.passing(send)
        finally:
            if door.is_idle:
                self._doors.pop(behind, None)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A channel whose notices go through a door."""

    sending: Sending
    behind: str
    doors: Doors

    @property
    def name(self) -> str:
        return self.sending.name

    async def send(self, notice: Mapping[str, Any]) -> Any:
        return await self.doors.through(self.behind, lambda: self.sending.send(notice))


@dataclass(slots=True)
class Door:
    """`hung` counts those in a row that were not answered, `rests` the rests that were given since somebody was."""

    name: str
    clock: Clock
    under_way: int = 0
    hung: int = 0
    rests: int = 0
    rests_until: float = 0.0
    took: float = SOONEST_SECONDS
    wide: int = AT_ONCE
    _waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    _next_turn: float = 0.0

    @property
    def is_idle(self) -> bool:
        return not (self.under_way or self._waiting or self.hung)

    @property
    def room(self) -> int:
        """After a rest one goes ahead and sees whether anybody is there."""
        return 1 if self.hung >= HANGS else self.wide

    async def enter(self) -> None:
        """Returns in the order of those who came. Raises NoticeNotTried."""
        if self.clock() < self.rests_until:
            raise self._sent_away()
        if self.under_way < self.room:
            self.under_way += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await turn
        except (TimeoutError, asyncio.CancelledError) as error:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                # Its turn had come in the same moment: the next one has it.
                self._left()
            if isinstance(error, TimeoutError):
                raise self._sent_away() from None
            raise
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)

    async def passing(self, send: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """What `send` returns or raises; it has a place at the door until then."""
        began = self.clock()
        try:
            outcome = await send()
        except NoticeRefused:
            self._answered(self.clock() - began)
            raise
        except BaseException as error:
            seconds = self.clock() - began
            if seconds >= HANGS_SECONDS:
                self._hung()
            elif not isinstance(error, asyncio.CancelledError):
                self._answered(seconds)
            raise
        else:
            self._answered(self.clock() - began)
            return outcome
        finally:
            self._left()

    def _answered(self, seconds: float) -> None:
        if self.rests:
            log.warning("%s answers again", self.name)
        self.took = seconds
        self.wide = min(self.wide + 1, MOST_AT_ONCE)
        self.hung = self.rests = 0
        self.rests_until = 0.0

    def _hung(self) -> None:
        self.hung += 1
        self.took = AGAIN_SECONDS
        self.wide = AT_ONCE
        now = self.clock()
        # Those who went in before the rest say nothing new.
        if self.hung < HANGS or now < self.rests_until:
            return
        rest = min(REST_SECONDS * 2**self.rests, LONGEST_REST_SECONDS)
        self.rests += 1
        self.rests_until = now + rest
        log.warning("%s has not answered %d times in a row and is left alone for %g s", self.name, self.hung, rest)

    def _left(self) -> None:
        self.under_way -= 1
        while self._waiting and self.clock() < self.rests_until:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(self._sent_away())
        while self._waiting and self.under_way < self.room:
            turn = self._waiting.popleft()
            if not turn.done():
                self.under_way += 1
                turn.set_result(None)

    def _sent_away(self) -> NoticeNotTried:
        """With an instant of one's own: not all may come again at once."""
        now, took = self.clock(), min(self.took, AGAIN_SECONDS)
        soonest = max(now + max(took, SOONEST_SECONDS), self.rests_until)
        turn = min(max(self._next_turn, soonest), now + LONGEST_REST_SECONDS)
        self._next_turn = turn + took / self.wide
        why = (
            f"it has not answered {HANGS} times in a row and is left alone for a while"
            if now < self.rests_until
            else f"{self.under_way} others are on their way there"
        )
        return NoticeNotTried(f"{self.name} was not tried: {why}", retry_after=turn - now)
