"""Reading feeds again and again, so that who is on call is known though the calendar cannot be reached."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from domain.errors import SlaError, Unavailable
from domain.instants import MINUTE, Instant, Micros
from service.people.feed import feed_of
from service.tools.ciphers import Cipher
from store.people.on_calls import DueFeed, OnCalls

log = logging.getLogger(__name__)

EVERY = Micros(5 * MINUTE)
LOOK_SECONDS = 30.0
AT_ONCE = 10

Fetch = Callable[[str], Awaitable[str]]
"""The text behind a URL. Raises InvalidValue."""


class FeedReader:
    """Of several workers each feed is read by one at a time: whoever has set out to read it has it for five minutes."""

    def __init__(self, kept: OnCalls, cipher: Cipher, fetch: Fetch, now: Callable[[], Instant]) -> None:
        self._kept = kept
        self._cipher = cipher
        self._fetch = fetch
        self._now = now

    async def keep(self) -> None:
        """Look for feeds that are due, for ever."""
        while True:
            try:
                while await self.round() == AT_ONCE:
                    pass
            except Unavailable as error:
                log.warning("feeds are read later: %s", error)
            except Exception:
                # Whatever is wrong with one feed, the next round must look after the others.
                log.exception("feeds are read later")
            await asyncio.sleep(LOOK_SECONDS)

    async def round(self) -> int:
        """Read what is due, at most ten; how many were. Raises StoreUnavailable."""
        due = await self._kept.due_feeds(EVERY, AT_ONCE)
        await asyncio.gather(*(self._read(one) for one in due))
        return len(due)

    async def _read(self, due: DueFeed) -> None:
        """What cannot be read leaves what was read before, and says why."""
        try:
            text = await self._fetch(self._cipher.decrypted(due.url))
            await asyncio.to_thread(feed_of, text, "UTC", self._now())
        except SlaError as error:
            reason = getattr(error, "reason", error.message)
            log.warning("the feed of on-call %s of %s cannot be read: %s", due.on_call_id, due.organization, reason)
            await self._kept.keep_feed(due, None, reason)
            return
        await self._kept.keep_feed(due, self._cipher.encrypted(text), None)
