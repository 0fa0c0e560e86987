"""Whether the process lives, and whether the engine does what it promises. No key is needed."""

from __future__ import annotations

import asyncio
from typing import Literal, get_args

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api.http.dependencies import Deps
from api.http.openapi.operations import operation_id
from service import readiness
from service.dependencies import Dependencies
from service.readiness import ReadinessCondition

Status = Literal["up", "down"]
UP, DOWN = get_args(Status)
# Nobody needs a key to ask, and every answer costs the store a write.
KEPT_SECONDS = 1.0

router = APIRouter(tags=["Health"], generate_unique_id_function=operation_id)


class Health(BaseModel):
    status: Literal["ok"]


class StoreCondition(BaseModel):
    status: Status
    write_ms: float | None = Field(None, description="How long it took to write something.")


class TemporalCondition(BaseModel):
    status: Status
    answer_ms: float | None = Field(None, description="How long it took to answer.")


class WorkerCondition(BaseModel):
    status: Status
    last_poll_seconds: float | None = Field(
        None, description="Since a worker last asked for tasks; up to 75 are well, for an idle one asks once a minute."
    )


class MilestonesCondition(BaseModel):
    status: Status
    overdue: int | None = Field(None, description="Instances with a milestone that should have fired a minute ago.")
    longest_overdue_seconds: float | None = None


class InstancesCondition(BaseModel):
    status: Status
    stuck: int | None = Field(None, description="Workflows whose task fails again and again.")


class ReadinessView(BaseModel):
    """The conditions of readiness. A figure that cannot be found out is null."""

    status: Literal["ready", "not_ready"]
    store: StoreCondition
    temporal: TemporalCondition
    worker: WorkerCondition
    milestones: MilestonesCondition
    instances: InstancesCondition


@router.get("/healthz", summary="The process answers")
async def get_health() -> Health:
    return Health(status="ok")


@router.get("/readyz", responses={503: {"model": ReadinessView}}, summary="The engine does what it promises")
async def get_readiness(deps: Deps, request: Request, response: Response) -> ReadinessView:
    """200 when the store takes a write, Temporal answers, a worker polls, no milestone is overdue by more than a
    minute, and no workflow is stuck; otherwise 503."""
    ready = await _kept(deps, request)
    response.status_code = 200 if ready.status == "ready" else 503
    return ready


async def _kept(deps: Dependencies, request: Request) -> ReadinessView:
    """The answer of a moment ago, or the one that another request waits for already."""
    state, clock = request.app.state, asyncio.get_running_loop().time
    asked: tuple[Dependencies, float, asyncio.Task[ReadinessView]] | None = getattr(state, "readiness", None)
    if asked is None or asked[0] is not deps or clock() - asked[1] > KEPT_SECONDS:
        asked = state.readiness = (deps, clock(), asyncio.create_task(_ready(deps)))
    return await asyncio.shield(asked[2])


async def _ready(deps: Dependencies) -> ReadinessView:
    found = await readiness.readiness(deps.store, deps.temporal, deps.task_queue, deps.now(), deps.timeouts.health)
    return ReadinessView(
        status="ready" if found.is_ready else "not_ready",
        store=StoreCondition(**_shown(found.store)),
        temporal=TemporalCondition(**_shown(found.temporal)),
        worker=WorkerCondition(**_shown(found.worker)),
        milestones=MilestonesCondition(**_shown(found.milestones)),
        instances=InstancesCondition(**_shown(found.instances)),
    )


def _shown(condition: ReadinessCondition) -> dict[str, object]:
    return {"status": UP if condition.up else DOWN, **condition.figures}
