"""`/instances/{id}/excuse` and `/instances/{id}/excuse:undo`: what does not count, and who said so."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.http import problems
from api.http.auth import Writer
from api.http.dependencies import Deps
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.instances.command_schemas import CommandBody, ExcuseBody, UndoExcuseBody
from api.v2.instances.routes import COMMAND, Id, answered, payload_of
from service.instances.excusing import excuse_instance
from store.access.keys import KeyOwner
from workflows.messages import EXCUSE, UNDO_EXCUSE

router = APIRouter(prefix=f"{V2}/instances", tags=["Instances"], route_class=JsonRoute)

_EXCUSE: dict[str, Any] = {
    **COMMAND,
    "responses": {**COMMAND["responses"], **problems.documented(409)},
}


@router.post("/{instance_id}/excuse", summary="A target's breach, or its whole result, does not count", **_EXCUSE)
async def excuse_target(instance_id: Id, body: ExcuseBody, owner: Writer, deps: Deps) -> Any:
    """It leaves the rates and the error budget and stays in the record: the breach remains a breach. 409 where nothing
    had been breached by then."""
    outcome = await excuse_instance(deps, owner.organization, instance_id, EXCUSE, _by(body, owner))
    return answered(instance_id, outcome, deps.now())


@router.post("/{instance_id}/excuse:undo", summary="An excuse is taken back", **COMMAND)
async def undo_excuse(instance_id: Id, body: UndoExcuseBody, owner: Writer, deps: Deps) -> Any:
    outcome = await excuse_instance(deps, owner.organization, instance_id, UNDO_EXCUSE, _by(body, owner))
    return answered(instance_id, outcome, deps.now())


def _by(body: CommandBody, owner: KeyOwner) -> dict[str, Any]:
    """Where nobody is named, the key says who it was."""
    return {"actor": owner.id, **payload_of(body)}
