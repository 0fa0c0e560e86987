"""What can be done with a ticket: the same signals as over REST, with who did it and why."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, Field

from domain.errors import InvalidValue, NotFound, SlaError
from domain.instants import render
from service.dependencies import Dependencies
from service.instances.commands import command_instance
from service.instances.effects import CommandResult
from service.instances.excusing import excuse_instance
from web.http import notes
from web.http.access import Deps, Visitor, Writer
from web.http.page_route import PageRoute
from web.pages.moments import typed_instant

router = APIRouter(prefix="/tickets/{instance_id}", route_class=PageRoute)

Text = Annotated[str, Form(max_length=500)]
LATER = "It is kept, and recorded as soon as a worker answers."


class PauseForm(BaseModel):
    cause: str = Field(default="", max_length=200)
    hours: str = Field(default="", max_length=20)
    until: str = Field(default="", max_length=40)
    reason: str = Field(default="", max_length=500)


@router.post("/acknowledge")
async def acknowledge(request: Request, instance_id: str, visitor: Writer, deps: Deps, reason: Text = "") -> Response:
    sent = _command(deps, visitor, instance_id, "acknowledge", {"reason": reason})
    return await _answer(request, deps, instance_id, "Acknowledged.", sent)


@router.post("/pause")
async def pause(
    request: Request, instance_id: str, visitor: Writer, deps: Deps, form: Annotated[PauseForm, Form()]
) -> Response:
    async def sent() -> CommandResult:
        until = pause_end(form.hours, form.until, visitor.zone)
        return await _command(
            deps, visitor, instance_id, "pause", {"cause": form.cause, "until": until, "reason": form.reason}
        )

    return await _answer(request, deps, instance_id, "Paused.", sent())


@router.post("/resume")
async def resume(request: Request, instance_id: str, visitor: Writer, deps: Deps, reason: Text = "") -> Response:
    sent = _command(deps, visitor, instance_id, "resume", {"reason": reason})
    return await _answer(request, deps, instance_id, "Resumed.", sent)


@router.post("/assign")
async def assign(
    request: Request, instance_id: str, visitor: Writer, deps: Deps, team: Text = "", reason: Text = ""
) -> Response:
    sent = _command(deps, visitor, instance_id, "assign", {"reason": reason}, team_id=team or None)
    return await _answer(request, deps, instance_id, "Assigned.", sent)


@router.post("/resolve")
async def resolve(request: Request, instance_id: str, visitor: Writer, deps: Deps, reason: Text = "") -> Response:
    sent = _command(deps, visitor, instance_id, "resolve", {"reason": reason})
    return await _answer(request, deps, instance_id, "Resolved.", sent)


@router.post("/excuse")
async def excuse(
    request: Request, instance_id: str, visitor: Writer, deps: Deps, target: Text = "", reason: Text = ""
) -> Response:
    payload = {"actor": visitor.actor, "target": target, "reason": reason}
    sent = excuse_instance(deps, visitor.organization.id, instance_id, "excuse", payload)
    return await _answer(request, deps, instance_id, "Excused.", sent)


def pause_end(hours: str, until: str, zone: str) -> str | dict[str, float] | None:
    """What a form says of a pause's end, as REST takes it: a length of working time, or a local time of the zone.

    Raises InvalidValue.
    """
    if hours and until:
        raise InvalidValue("until", until, "must not be given together with hours")
    if hours:
        try:
            return {"hours": float(hours)}
        except ValueError:
            raise InvalidValue("hours", hours, "must be a number") from None
    end = typed_instant(until, "until", zone)
    return None if end is None else render(end)


async def _command(
    deps: Dependencies, visitor: Visitor, instance_id: str, name: str, given: Mapping[str, Any], **always: Any
) -> CommandResult:
    payload = {field: value for field, value in given.items() if value not in (None, "")}
    return await command_instance(
        deps, visitor.organization.id, instance_id, name, {"actor": visitor.actor, **payload, **always}
    )


async def _answer(
    request: Request, deps: Dependencies, instance_id: str, done: str, sent: Awaitable[CommandResult]
) -> Response:
    place = f"/tickets/{instance_id}"
    try:
        result = await sent
    except NotFound:
        raise
    except SlaError as error:
        return notes.refused(request, place, error, deps.cipher, deps.now())
    text = done if result.applied else f"{done} {LATER}"
    return notes.see_other(request, place, text, deps.cipher, deps.now())
