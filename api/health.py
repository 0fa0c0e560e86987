"""Whether the process lives, and whether what it depends on answers; no key needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.dependencies import Deps
from domain.errors import Unavailable

Condition = Literal["up", "down"]

router = APIRouter(tags=["Health"])


class Health(BaseModel):
    status: Literal["ok"]


class Readiness(BaseModel):
    store: Condition
    temporal: Condition


@router.get("/healthz", summary="The process answers")
async def healthz() -> Health:
    return Health(status="ok")


@router.get("/readyz", responses={503: {"model": Readiness}}, summary="Store and Temporal answer")
async def readyz(deps: Deps, response: Response) -> Readiness:
    store, temporal = await asyncio.gather(_condition(deps.store.keys.any()), _condition(deps.engine.check()))
    if "down" in (store, temporal):
        response.status_code = 503
    return Readiness(store=store, temporal=temporal)


async def _condition(check: Awaitable[object]) -> Condition:
    try:
        await check
    except Unavailable:
        return "down"
    return "up"
