"""Work that is done beside other work: several pieces at the same time, and changes that others make meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import TypeVar

from domain.errors import Outdated

# Changes at the same moment are merged: each round lets one of them through.
ATTEMPTS = 10

T = TypeVar("T")


async def all_settled(work: Iterable[Awaitable[T]]) -> list[T]:
    """All results in order. Raises the first error, once all work has ended."""
    answers = await asyncio.gather(*work, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return [answer for answer in answers if not isinstance(answer, BaseException)]


async def with_retries(change: Callable[[], Awaitable[T]]) -> T:
    """The outcome of a change that reads, decides, and writes only if nobody else has written since it read.

    `change` raises Outdated when somebody else has; it then begins anew with what is there. Raises Outdated when that
    happens `ATTEMPTS` times in a row, and whatever else `change` raises at once.
    """
    for _ in range(ATTEMPTS - 1):
        with suppress(Outdated):
            return await change()
    return await change()
