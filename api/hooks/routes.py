"""`/hooks/{source_id}`: webhooks of ticket systems. No API key: the signature over the body is the key."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.http import problems
from api.http.answers import Json
from api.http.dependencies import Deps
from api.http.openapi.operations import operation_id
from api.http.requests import JsonRequest
from domain.errors import NotFound
from service.dependencies import Dependencies
from service.hooks.receiving import Kept, receive
from store.sources.bodies import NewBody

MAX_HOOK_BYTES = 1024 * 1024
"""A ticket with its last comment stays far below in every system that is shipped."""
BODY: dict[str, Any] = {
    "requestBody": {
        "description": "What the ticket system sends, byte for byte.",
        "required": True,
        "content": {"*/*": {"schema": {}, "example": {"action": "opened", "issue": {"number": 7}}}},
    }
}

router = APIRouter(prefix="/hooks", tags=["Webhooks in"], generate_unique_id_function=operation_id)

SourceAddress = Annotated[str, Path(examples=["src_3q2-7wAbCdEfGhIj"])]


class KeptView(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"status": "stored", "body": 17}})

    status: Literal["stored"]
    body: int = Field(description="Its number at its source.")


class HookRequest(JsonRequest):
    max_body_bytes = MAX_HOOK_BYTES


@router.post(
    "/{source_id}",
    status_code=202,
    openapi_extra=BODY,
    response_model=KeptView,
    responses={
        200: {"description": "The request only asked whether somebody is there: what it wants to hear."},
        **problems.documented(400, 401, 404, 413, 503),
    },
    summary="Take what a ticket system sends",
)
async def take_webhook(source_id: SourceAddress, request: Request, deps: Deps) -> Any:
    """The signature is verified over the bytes as they came. What fits is kept, and becomes events of its tickets right
    afterwards; Temporal need not answer. An event that nobody knows is kept, too, and listed with the reason why it
    means nothing. Send again what was answered with 503."""
    if "\0" in source_id:
        raise NotFound("There is nothing here.")
    body = await HookRequest(request.scope, request.receive).body()
    heard = NewBody(body, deps.now(), dict(request.headers), request.method, _address(request, deps))
    outcome = await receive(deps, source_id, heard)
    if isinstance(outcome, Kept):
        return Json({"status": "stored", "body": outcome.arrival}, 202)
    return _said(outcome.body)


def _said(answer: Any) -> Response:
    return PlainTextResponse(answer) if isinstance(answer, str) else Json(dict(answer), 200)


def _address(request: Request, deps: Dependencies) -> str:
    """The whole public address as the sender called it: some sign it."""
    if not deps.public_url:
        return str(request.url)
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{deps.public_url}{request.url.path}{query}"
