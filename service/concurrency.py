"""Several things at once, of which each is done whatever becomes of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def all_settled(work: Iterable[Awaitable[T]]) -> list[T]:
    """All the answers in order. Raises the first error once everything has ended."""
    answers = await asyncio.gather(*work, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return [answer for answer in answers if not isinstance(answer, BaseException)]
