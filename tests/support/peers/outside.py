"""What channels reach the world with, in tests: real clients, a guard that is told names, a standing clock."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from channels.channel import Now, Outside, opened
from channels.outgoing.guard import Guard, Resolver
from settings import Settings

NOW = datetime(2026, 3, 2, 14, 33, tzinfo=UTC)


def standing(at: datetime = NOW) -> Now:
    return lambda: at


def named(names: Mapping[str, Sequence[str]]) -> Resolver:
    """A resolver that knows these names and their addresses."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        if host not in names:
            raise OSError(f"{host} is not known")
        return names[host]

    return resolve


def in_turn(*answers: Sequence[str]) -> Resolver:
    """A resolver that answers one after the other, whatever it is asked."""
    left = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return left.pop(0)

    return resolve


@asynccontextmanager
async def reaching(
    *, guard: Guard | None = None, timeout: float = 2, now: Now | None = None, **settings: Any
) -> AsyncIterator[Outside]:
    """By default private receivers are allowed: those of tests lie on loopback."""
    configured = {"allow_private_receivers": True, **settings}
    async with opened(_configuration(tuple(configured.items()), _environment()), timeout, guard) as outside:
        yield replace(outside, now=now or standing())


@cache
def _configuration(configured: tuple[tuple[str, Any], ...], _environment: frozenset[tuple[str, str]]) -> Settings:
    """Reading them takes longer than most of what is done with them."""
    return Settings(**dict(configured))


def _environment() -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in os.environ.items() if name.startswith("SLA_"))
