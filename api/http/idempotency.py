"""`Idempotency-Key`: a POST that creates may be sent again and is answered as it was the first time.

After draft-ietf-httpapi-idempotency-key-header. A POST route whose success is 201 takes keys by itself (`JsonRoute`
calls `keeping`). Other routes take keys if their `openapi_extra` says how they keep answers:

- nothing: the route writes only to the store. What it creates and its answer are kept in one transaction.
- `REPEATABLE`: the route also talks to Temporal, which no transaction undoes. Carrying the request out twice is
  harmless. The answer is kept after the work.
- `SECRET`: in one transaction. The answer holds a secret and is not kept: a retry gets the id of what was created.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from operator import itemgetter
from typing import Annotated, Any

from fastapi import Depends, Header
from pydantic import WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from api.http import problems
from api.http.dependencies import dependencies_of
from api.http.idempotent_requests import ANSWERED_BEFORE, AnsweredBefore, Execution, Keeping, derived_event_id
from domain.errors import InvalidValue
from store.access.idempotent_requests import KEY_FIELD as HEADER
from store.access.idempotent_requests import IdempotentRequest

EXTENSION = "x-idempotency"
REPEATABLE = {EXTENSION: Keeping.REPEATABLE.value}
SECRET = {EXTENSION: Keeping.SECRET.value}

_KEY = re.compile(r"[!-~]{1,255}")
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_DESCRIPTION = (
    "1 to 255 visible ASCII characters, in quotes (RFC 8941) or not. The same request under the same key is carried "
    "out once and answered the same for 24 hours; another request under it is 422. Errors are not kept."
)
_KEY_SCHEMA = {
    "type": "string",
    "pattern": r'^([!#-~][!-~]{0,254}|"[!#-\[\]-~]{1,255}")$',
    "examples": ["8e03978e-40d5-43dd-bc93-6894a57f9324"],
}
_ANSWERED_BEFORE_HEADER = {
    "description": "`true`: this answer was given before; nothing was done now.",
    "schema": {"type": "string", "enum": ["true"]},
}
_TAKES_PART = "__takes_part__"

Handler = Callable[[Request], Awaitable[Response]]
Endpoint = Callable[..., Awaitable[Any]]
KeyHeader = Annotated[
    str | None,
    WithJsonSchema(_KEY_SCHEMA),
    Header(alias=HEADER, description=_DESCRIPTION),
]


def keeping(options: Mapping[str, Any]) -> Keeping | None:
    """How a route with these options keeps its answers, None if it takes no keys."""
    if "POST" not in (options.get("methods") or ()):
        return None
    marked = (options.get("openapi_extra") or {}).get(EXTENSION)
    if marked is not None:
        return Keeping(marked)
    return Keeping.ATOMIC if options.get("status_code") == 201 else None


def claiming(endpoint: Endpoint) -> Endpoint:
    """The endpoint, carried out unless the request has been answered before.

    That is looked up once the endpoint's dependencies have allowed the request, so an API key without the scope does
    not get a kept answer either.
    """
    if hasattr(endpoint, _TAKES_PART):
        return endpoint

    @wraps(endpoint)
    async def claim_first(*, idempotent_execution: Execution | None, **values: Any) -> Any:
        if idempotent_execution is not None:
            await idempotent_execution.claim()
        return await endpoint(**values)

    own = inspect.signature(endpoint, eval_str=True)
    ours = inspect.Parameter(
        "idempotent_execution", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[Any, Depends(_execution_of)]
    )
    claim_first.__signature__ = own.replace(parameters=[*own.parameters.values(), ours])  # type: ignore[attr-defined]
    setattr(claim_first, _TAKES_PART, True)
    return claim_first


def answering(handle: Handler, how: Keeping) -> Handler:
    """The handler, with its answer kept for the same request under the same key."""

    async def answered(request: Request) -> Response:
        if (key := _key(request)) is None:
            return await handle(request)
        under_key = IdempotentRequest(request.state.owner.organization, key, await _digest(request))
        execution = Execution((await dependencies_of(request)).store, under_key, how)
        request.state.execution = execution
        try:
            async with execution.around():
                return await execution.settle(await handle(request))
        except AnsweredBefore as before:
            return execution.repeated(before.answer)

    return answered


def documented(options: dict[str, Any], how: Keeping) -> dict[str, Any]:
    """The options of a route, with the responses to which a key may lead."""
    responses: dict[int | str, dict[str, Any]] = dict(options.get("responses") or {})
    if how is Keeping.SECRET:
        return {**options, "responses": {**problems.documented(409, 422), **responses}}
    for status in (options.get("status_code") or 200, *responses):
        if isinstance(status, int) and 200 <= status < 300:
            given = responses.get(status, {})
            responses[status] = {
                **given,
                "headers": {ANSWERED_BEFORE: _ANSWERED_BEFORE_HEADER, **given.get("headers", {})},
            }
    return {**options, "responses": {**problems.documented(422), **responses}}


def parse_key(text: str) -> str:
    """The key in the text of the header. Raises InvalidValue."""
    key = text
    if text.startswith('"'):
        quoted = _QUOTED.fullmatch(text)
        key = "" if quoted is None else re.sub(r"\\(.)", r"\1", quoted[1])
    if not _KEY.fullmatch(key):
        raise InvalidValue(HEADER, text, "must be 1 to 255 visible ASCII characters, in quotes (RFC 8941) or not")
    return key


async def _event_id(request: Request) -> str | None:
    execution = await _execution_of(request)
    return None if execution is None else derived_event_id(execution.request)


EventIdOfKey = Annotated[str | None, Depends(_event_id)]
"""For a route that takes keys: the id for an event that came without one, None if the request has no key."""


async def _execution_of(request: Request, _: KeyHeader = None) -> Execution | None:
    return getattr(request.state, "execution", None)


def _key(request: Request) -> str | None:
    # To HTTP two headers are one list, which is no valid key.
    given = request.headers.getlist(HEADER)
    return parse_key(", ".join(given)) if given else None


async def _digest(request: Request) -> str:
    body = [await request.json()] if await request.body() else []
    query = sorted(request.query_params.multi_items(), key=itemgetter(0))
    text = json.dumps([request.method, request.scope["path"], query, body], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
