"""The `webhooks` of the OpenAPI document: what receivers are sent. Nothing here is ever called."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from api.v2.notices.examples import NOTICES
from api.v2.notices.schemas import TYPES, Notice
from domain.plan.milestones import AT_RISK, BREACHED, HALFWAY, PAUSE_TOO_LONG
from domain.record.notices import ESCALATED, TYPE_PREFIX, WITHDRAWN

MEDIA_TYPE = "application/cloudevents+json"
SUMMARIES = {
    HALFWAY: "Half of the budget is used",
    AT_RISK: "The part of the budget that the policy warns at is used",
    BREACHED: "The budget is used up",
    ESCALATED: "A step of the policy's escalation is due",
    PAUSE_TOO_LONG: "A pause lasts longer than the policy lets one count",
    WITHDRAWN: "A notice that was sent before was wrong",
}
EXAMPLES = {f"{TYPE_PREFIX}{name}": NOTICES[name] for name in TYPES}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    "2XX": {"description": "Taken, and not sent again."},
    "default": {
        "description": "Sent again later. Only 400, 405, 406, 410, 413, 415 and 422 say that it will never be taken."
    },
}

webhooks = APIRouter()


def receive(notice: Annotated[Notice, Body(media_type=MEDIA_TYPE)]) -> None:
    raise NotImplementedError("receivers answer, the engine does not")


for _name in TYPES:
    webhooks.add_api_route(
        f"{TYPE_PREFIX}{_name}",
        receive,
        methods=["POST"],
        operation_id=f"receive_{_name}_notice",
        summary=SUMMARIES[_name],
        tags=["Notices"],
        status_code=204,
        response_class=Response,
        responses=_ANSWERS,
    )
