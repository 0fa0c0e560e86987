"""`/instances/{id}/events`: the append-only record of an instance. Each step is chained to the one before."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Response

from api.http import problems
from api.http.auth import Reader
from api.http.dependencies import Deps
from api.http.lists.exports import Row, documented_exports
from api.http.lists.listing import AskedPart, Chunk, Listing
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.instances.record_schemas import STEP, Export, StepPage
from api.v2.instances.routes import Id
from domain.errors import NotFound
from domain.instants import render
from service.tools.cursors import number_in
from store.instances.chains import ChainedStep
from store.lists.keys import Place

COLUMNS = ("sequence", "recorded_at", "previous_hash", "hash", "link")


def _row(step: Row) -> Row:
    return {**step, "link": json.dumps(step["link"], ensure_ascii=False)}


router = APIRouter(prefix=f"{V2}/instances", tags=["Instances"], route_class=JsonRoute)


@router.get(
    "/{instance_id}/events",
    response_model=StepPage,
    response_model_exclude_unset=True,
    responses={
        200: documented_exports(COLUMNS, _row(STEP)),
        **problems.documented(401, 403, 404, 422, 503),
    },
    summary="The record of an instance, step by step",
)
async def list_instance_steps(instance_id: Id, owner: Reader, part: AskedPart, deps: Deps, response: Response) -> Any:
    """The steps, first step first, read from the store, which follows the workflow within a second. No step is ever
    changed: a later step withdraws what proved wrong.

    As CSV or NDJSON the list is whole unless a `limit` is given.
    """

    async def read(limit: int, offset: int, after: Place | None) -> Chunk:
        behind = 0 if after is None else number_in(after)
        found = await deps.store.chains.steps(owner.organization, instance_id, limit=limit, offset=offset, after=behind)
        if found.total == 0:
            raise _unknown(instance_id)
        more = {"head": found.head, "is_complete": found.is_complete}
        last = (str(found.steps[-1].sequence),) if found.follows else None
        return Chunk([_view(step) for step in found.steps], found.total, last, more)

    return await Listing(COLUMNS, read, "sequence", _row).answer(part, response)


@router.get(
    "/{instance_id}/events/export",
    response_model=Export,
    response_model_exclude_unset=True,
    responses=problems.documented(401, 403, 404, 503),
    summary="The whole record of an instance, to be verified elsewhere",
)
async def export_instance_steps(instance_id: Id, owner: Reader, deps: Deps) -> dict[str, Any]:
    """One document with everything that `sla verify --from` needs."""
    export = await deps.store.chains.export(owner.organization, instance_id)
    if export is None:
        raise _unknown(instance_id)
    return export


def _view(step: ChainedStep) -> dict[str, Any]:
    return {
        "sequence": step.sequence,
        "recorded_at": render(step.recorded_at),
        "previous_hash": step.previous_hash,
        "hash": step.hash,
        "link": step.link,
    }


def _unknown(instance_id: str) -> NotFound:
    return NotFound(f"There is no instance {instance_id}.", field="instance_id", value=instance_id)
