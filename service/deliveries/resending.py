"""Sending once more what somebody has asked for: any worker takes it up, and a worker that is killed loses none.

It is the recorded notice under its own id, through the channel that it had. An attempt in vain is made again a few
times; then the log says why it is dead.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from domain.errors import NoticeFailed, NoticeNotTried, NoticeRefused, StoreUnavailable
from domain.instants import SECOND, Instant
from domain.record.deliveries import NO_CHANNEL
from store.deliveries.resends import Resend, Resends

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
AT_ONCE = 20
CHANNEL_SECONDS = 20.0
MOST_TRIES = 5
FIRST_RETRY_SECONDS = 10
LONGEST_ERROR = 500


class Sending(Protocol):
    async def send(self, notice: Mapping[str, Any]) -> object:
        """Raises NoticeRefused or NoticeFailed."""


Named = Callable[[str, str, Mapping[str, Any]], Awaitable[Sending | None]]
"""The channel of an organization by its name, for that notice; None where there is none any more. Raises NoticeFailed
while nobody can say."""


class Resender:
    def __init__(self, kept: Resends, named: Named, now: Callable[[], Instant]) -> None:
        self._kept = kept
        self._named = named
        self._now = now

    async def keep(self) -> None:
        """Look for what is to be sent once more, for ever."""
        pause = INTERVAL_SECONDS
        while True:
            try:
                found = await self.round()
                pause = 0.0 if found == AT_ONCE else INTERVAL_SECONDS
            except StoreUnavailable as error:
                log.warning("what is to be sent once more waits: %s", error)
                pause = min(max(pause, INTERVAL_SECONDS) * 2, LONGEST_PAUSE_SECONDS)
            except Exception:
                # Whatever is wrong with one of them, the next round must look after the others.
                log.exception("what is to be sent once more waits")
                pause = LONGEST_PAUSE_SECONDS
            await asyncio.sleep(pause)

    async def round(self) -> int:
        """Send what is due now; return how many that were. Raises StoreUnavailable."""
        found = await self._kept.take_up(AT_ONCE)
        for answer in await asyncio.gather(*map(self._one, found), return_exceptions=True):
            if isinstance(answer, BaseException):
                raise answer
        return len(found)

    async def _one(self, resend: Resend) -> None:
        began_at, name = self._now(), resend.key.channel or ""
        try:
            async with asyncio.timeout(CHANNEL_SECONDS):
                channel = await self._named(resend.key.organization, name, resend.notice)
                if channel is None:
                    await self._kept.given_up(resend, None, self._now(), NO_CHANNEL)
                    return
                await channel.send(resend.notice)
        except NoticeRefused as refusal:
            await self._kept.given_up(resend, began_at, self._now(), refusal.message)
        except NoticeNotTried as failure:
            until = Instant(self._now() + round((failure.retry_after or FIRST_RETRY_SECONDS) * SECOND))
            await self._kept.postpone(resend, None, until, failure.message[:LONGEST_ERROR])
        except NoticeFailed as failure:
            await self._in_vain(resend, began_at, failure.message, failure.retry_after)
        except StoreUnavailable:
            raise
        except TimeoutError:
            await self._in_vain(resend, began_at, f"{name} took longer than {CHANNEL_SECONDS:g} seconds")
        except Exception as error:  # noqa: BLE001 - a defect of one channel must not hold up the others
            await self._in_vain(resend, began_at, f"{name}: {error!r}")
        else:
            await self._kept.taken(resend, began_at, self._now())

    async def _in_vain(self, resend: Resend, began_at: Instant, error: str, retry_after: float | None = None) -> None:
        error = error[:LONGEST_ERROR]
        if resend.tries + 1 >= MOST_TRIES:
            await self._kept.given_up(resend, began_at, self._now(), error)
            return
        wait = FIRST_RETRY_SECONDS * 2**resend.tries if retry_after is None else retry_after
        await self._kept.postpone(resend, began_at, Instant(self._now() + round(wait * SECOND)), error)
