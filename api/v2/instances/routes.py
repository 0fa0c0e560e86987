"""`/instances`: create, list, get, and the commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Response

from api.http import problems
from api.http.answers import Json
from api.http.auth import Reader, Writer, require_enterprise
from api.http.dependencies import Deps
from api.http.idempotency import REPEATABLE
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.instances import examples
from api.v2.instances.command_schemas import AssignBody, CommandBody, InstanceBody, PauseBody, ResetBody, ResumeBody
from api.v2.instances.schemas import Accepted, AsOf, InstanceView, Live
from domain.errors import InvalidValue
from domain.fields import require_text
from domain.ids import Kind
from domain.instants import Instant
from domain.ticket.events import require_reset_reason
from domain.ticket.tickets import Ticket
from service.dependencies import Dependencies
from service.instances.commands import command_instance, require_clock
from service.instances.effects import CommandResult
from service.instances.open_ticket import OpenResult, UntrackedTicket, open_instance
from service.instances.reading.as_of import view_as_of
from service.instances.reading.views import ask_instance, find_instance
from store.access.keys import KeyOwner

PREFIX = f"{V2}/instances"

Id = Annotated[str, Path(examples=[examples.INSTANCE["id"]])]

router = APIRouter(prefix=PREFIX, tags=["Instances"], route_class=JsonRoute)


@router.post(
    "",
    status_code=201,
    openapi_extra=REPEATABLE,
    response_model=InstanceView,
    response_model_exclude_unset=True,
    responses={
        200: {"model": InstanceView, "description": "There already, or untracked (`id` null, nothing stored)."},
        **problems.documented(400, 401, 403, 409, 413, 415, 422, 503),
    },
    summary="Open an instance for a ticket",
)
async def create_instance(body: InstanceBody, owner: Writer, deps: Deps, response: Response) -> dict[str, Any]:
    """Safe to repeat: a subject has one instance of each kind, and the answer to a repetition is that instance."""
    document = body.given()
    when, quiet = document.pop("occurred_at", None), document.pop("quiet", False)
    ticket = Ticket.from_json(document)
    _require_plan(owner, ticket.instance.kind)
    outcome = await open_instance(deps, owner.organization, ticket, when, quiet=quiet)
    if isinstance(outcome, UntrackedTicket):
        response.status_code = 200
        return outcome.view()
    response.status_code = 201 if outcome.created else 200
    return _located(outcome, response, deps.now())


@router.get(
    "/{instance_id}",
    response_model=InstanceView,
    response_model_exclude_unset=True,
    responses=problems.documented(401, 403, 404, 422, 503),
    summary="Get an instance",
)
async def get_instance(
    instance_id: Id, owner: Reader, deps: Deps, as_of: AsOf = None, live: Live = False
) -> dict[str, Any]:
    """Read from the store, as of `recorded_at`. With `live` its workflow is asked, which needs a worker. Where none
    answers within a second, the store answers; `source` says which of the two it was."""
    if as_of is not None and live:
        raise InvalidValue("live", live, "must not be given together with as_of")
    if as_of is not None:
        return await view_as_of(deps, owner.organization, instance_id, as_of)
    find = ask_instance if live else find_instance
    return (await find(deps, owner.organization, instance_id)).view(deps.now())


Command = Annotated[CommandBody | None, Body(examples=[examples.COMMAND])]
Pause = Annotated[PauseBody | None, Body(examples=[examples.PAUSE])]
Resume = Annotated[ResumeBody | None, Body(examples=[examples.RESUME])]
Assign = Annotated[AssignBody | None, Body(examples=[examples.ASSIGN])]

COMMAND: dict[str, Any] = {
    "response_model": InstanceView,
    "response_model_exclude_unset": True,
    "responses": {
        202: {"model": Accepted, "description": "Durable; not recorded yet."},
        **problems.documented(400, 401, 403, 404, 413, 415, 422, 503),
    },
}


@router.post("/{instance_id}/acknowledge", summary="The first response was given", **COMMAND)
async def acknowledge_instance(instance_id: Id, owner: Writer, deps: Deps, body: Command = None) -> Any:
    return await _command(deps, owner.organization, instance_id, "acknowledge", body)


@router.post("/{instance_id}/pause", summary="Stop the clocks for a cause", **COMMAND)
async def pause_instance(instance_id: Id, owner: Writer, deps: Deps, body: Pause = None) -> Any:
    return await _command(deps, owner.organization, instance_id, "pause", body)


@router.post("/{instance_id}/resume", summary="Let the clocks run on", **COMMAND)
async def resume_instance(instance_id: Id, owner: Writer, deps: Deps, body: Resume = None) -> Any:
    return await _command(deps, owner.organization, instance_id, "resume", body)


@router.post("/{instance_id}/resolve", summary="The ticket is resolved", **COMMAND)
async def resolve_instance(instance_id: Id, owner: Writer, deps: Deps, body: Command = None) -> Any:
    return await _command(deps, owner.organization, instance_id, "resolve", body)


@router.post("/{instance_id}/reopen", summary="The ticket is open again", **COMMAND)
async def reopen_instance(instance_id: Id, owner: Writer, deps: Deps, body: Command = None) -> Any:
    return await _command(deps, owner.organization, instance_id, "reopen", body)


@router.post("/{instance_id}/cancel", summary="The ticket was withdrawn", **COMMAND)
async def cancel_instance(instance_id: Id, owner: Writer, deps: Deps, body: Command = None) -> Any:
    return await _command(deps, owner.organization, instance_id, "cancel", body)


@router.post("/{instance_id}/assign", summary="The ticket belongs to another team", **COMMAND)
async def assign_instance(instance_id: Id, owner: Writer, deps: Deps, body: Assign = None) -> Any:
    """From then on the clocks of kind `ola` belong to that team. While nobody has the ticket, it has no such clocks."""
    return await _command(deps, owner.organization, instance_id, "assign", body or AssignBody())


@router.post("/{instance_id}/reset", summary="Begin a clock anew", **COMMAND)
async def reset_targets(instance_id: Id, owner: Writer, deps: Deps, body: ResetBody) -> Any:
    """Of one target, or of all. A clock that goes begins again in place of the cycle before, which then counts only if
    it was breached; one that has stopped begins again beside it while the ticket is open. 422 names the targets that
    there are."""
    require_reset_reason(body.reason)
    if body.target:
        await require_clock(deps, owner.organization, instance_id, body.target)
    return await _command(deps, owner.organization, instance_id, "reset", body)


async def _command(
    deps: Dependencies, organization: str, instance_id: str, signal: str, body: CommandBody | None
) -> Any:
    outcome = await command_instance(deps, organization, instance_id, signal, payload_of(body))
    return answered(instance_id, outcome, deps.now())


def answered(instance_id: str, outcome: CommandResult, now: Instant) -> Any:
    """The answer to a command."""
    if outcome.applied and outcome.found is not None:
        return {**outcome.found.view(now), "event_id": outcome.event_id}
    return _accepted(instance_id, outcome, now)


def payload_of(body: CommandBody | None) -> Mapping[str, Any]:
    given = {name: value for name, value in (body.given() if body else {}).items() if value not in (None, "")}
    if "event_id" in given:
        require_text(given["event_id"], "event_id")
    # Nobody must be said to have the ticket.
    return {**given, "team_id": body.team_id or None} if isinstance(body, AssignBody) else given


def _accepted(instance_id: str, outcome: CommandResult, now: Instant) -> Response:
    accepted: dict[str, Any] = {"id": instance_id, "event_id": outcome.event_id, "status": "accepted"}
    if outcome.found is not None:
        accepted["instance"] = outcome.found.view(now)
    return Json(accepted, 202, {"Location": f"{PREFIX}/{instance_id}"})


def _located(outcome: OpenResult, response: Response, now: Instant) -> dict[str, Any]:
    view = outcome.found.view(now)
    response.headers["Location"] = f"{PREFIX}/{view['id']}"
    return view


def _require_plan(owner: KeyOwner, *kinds: Kind) -> None:
    if Kind.OLA in kinds:
        require_enterprise(owner, "An instance of kind ola")
