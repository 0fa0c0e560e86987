"""Sending once more, and trying a receiver: the same service as over REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, Field

from domain.errors import InvalidValue, NotFound, SlaError
from domain.fields import require_text
from service.receivers import Tried
from web.http import notes
from web.http.access import Admin, Deps, Writer
from web.http.page_route import PageRoute
from web.pages.moments import typed_instant
from web.pages.sign_in.routes import within

router = APIRouter(prefix="/deliveries", route_class=PageRoute)

HOME = "/deliveries"
PLACES = (HOME, "/tickets/", "/settings/")
AGAIN = "It is sent once more within seconds."
OUTCOMES: Mapping[str, str] = {
    "taken": "The sample was taken.",
    "refused": "The sample was refused, and will be refused again",
    "failed": "The sample was not taken",
}


class Back(BaseModel):
    """Where to go back to: to the log, a ticket or settings, nowhere else."""

    back: Annotated[str, Field(max_length=4000)] = HOME

    @property
    def way_back(self) -> str:
        known = within(self.back)
        return known if known.startswith(PLACES) else HOME


class DeadLetters(Back):
    receiver: Annotated[str, Field(max_length=300)] = ""
    since: Annotated[str, Field(max_length=60)] = ""


class Sample(Back):
    receiver: Annotated[str, Field(max_length=300)] = ""
    type: Annotated[str, Field(max_length=60)] = "breached"


@router.post("/{delivery_id}/resend")
async def resend(
    request: Request, delivery_id: str, visitor: Writer, deps: Deps, form: Annotated[Back, Form()]
) -> Response:
    try:
        await deps.deliveries.resend(visitor.organization.id, delivery_id)
    except NotFound:
        raise
    except SlaError as error:
        return notes.refused(request, form.way_back, error, deps.cipher, deps.now())
    return notes.see_other(request, form.way_back, AGAIN, deps.cipher, deps.now())


@router.post("/resend")
async def resend_dead(request: Request, visitor: Writer, deps: Deps, form: Annotated[DeadLetters, Form()]) -> Response:
    try:
        receiver = require_text(form.receiver, "receiver")
        since = typed_instant(require_text(form.since.strip(), "since"), "since", visitor.zone) or deps.now()
        sent, left = await deps.deliveries.resend_dead(visitor.organization.id, receiver, since)
    except InvalidValue as error:
        return notes.refused(request, form.way_back, error, deps.cipher, deps.now())
    return notes.see_other(request, form.way_back, resent(sent, left), deps.cipher, deps.now())


@router.post("/test")
async def try_receiver(request: Request, visitor: Admin, deps: Deps, form: Annotated[Sample, Form()]) -> Response:
    try:
        tried = await deps.receivers.try_out(visitor.organization.id, form.receiver, form.type)
    except NotFound:
        raise
    except SlaError as error:
        return notes.refused(request, form.way_back, error, deps.cipher, deps.now())
    kind: notes.Kind = "note" if tried.outcome == "taken" else "fault"
    return notes.see_other(request, form.way_back, said_of(tried), deps.cipher, deps.now(), kind=kind)


def resent(sent: int, left: int) -> str:
    if not sent:
        return "Nothing was given up since then."
    more = f" {left} are left: send again." if left else ""
    return f"{sent} {'notice is' if sent == 1 else 'notices are'} sent once more within seconds.{more}"


def said_of(tried: Tried) -> str:
    said = OUTCOMES[tried.outcome]
    return f"{said}: {tried.error}" if tried.error else said
