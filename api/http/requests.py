"""JSON bodies. One that could not be stored or sent on is refused before anything else sees it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from api.http import idempotency, problems
from api.http.answers import as_made
from api.http.openapi.operations import operation_id
from api.http.prefixes import PREFIXES
from api.http.queries import known_queries, refuse_unknown
from service.temporal.slots import client_is_gone
from service.tools.documents import MAX_BYTES, refuse_uncarriable, require_carriable

MAX_BODY_BYTES = MAX_BYTES
MAX_BATCH_BYTES = 4 * 1024 * 1024
"""A thousand events with what tickets usually say."""
MAX_FILE_BYTES = 1024 * 1024
"""A calendar file of a country with the names of its holidays in several languages, for decades."""
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class JsonRoute(APIRoute):
    """A route whose path, query and body hold only what the store and Temporal can carry, and whose query has no
    parameter that the route does not know.

    A route that creates something takes an `Idempotency-Key`, see `api.http.idempotency`.
    """

    max_body_bytes: ClassVar[int] = MAX_BODY_BYTES

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self._keeping = idempotency.keeping(options)
        if self._keeping is not None:
            endpoint = idempotency.claiming(endpoint)
            options = idempotency.documented(options, self._keeping)
        options["generate_unique_id_function"] = operation_id
        options["responses"] = {**problems.documented(422), **(options.get("responses") or {})}
        # Where it is included under a prefix the path alone does not tell.
        self._fixed = path.partition("{")[0] if path.startswith(PREFIXES) else ""
        super().__init__(path, as_made(endpoint, options.get("status_code")), **options)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        # Most requests are for other routes, which the text before the first parameter tells soonest.
        if not scope.get("root_path") and not scope["path"].startswith(self._fixed):
            return Match.NONE, {}
        return super().matches(scope)

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        handle: Callable[[Request], Awaitable[Response]] = super().get_route_handler()
        if self._keeping is not None:
            handle = idempotency.answering(handle, self._keeping)
        known = known_queries(self.dependant)

        async def checked(request: Request) -> Response:
            _refuse_nul(request)
            refuse_unknown(known, request.query_params)
            strict = JsonRequest(request.scope, request.receive)
            strict.max_body_bytes = self.max_body_bytes
            client_is_gone.set(strict.is_disconnected)
            if request.method in _WITH_BODY and await strict.body():
                await strict.json()
            return await handle(strict)

        return checked


class BatchRoute(JsonRoute):
    """For bodies that hold many documents, each as large as one alone may be, as far as they fit."""

    max_body_bytes = MAX_BATCH_BYTES


class FileRoute(JsonRoute):
    """For bodies with the text of a file, of which less is kept."""

    max_body_bytes = MAX_FILE_BYTES


class JsonRequest(Request):
    max_body_bytes = MAX_BODY_BYTES

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            self._body = await self._read()
        return self._body

    async def _read(self) -> bytes:
        received = bytearray()
        try:
            async for chunk in self.stream():
                received += chunk
                if len(received) > self.max_body_bytes:
                    raise HTTPException(413, f"The body must be at most {self.max_body_bytes // 1024} KiB long.")
        except ClientDisconnect:
            raise HTTPException(400, "The connection was closed before the whole body had arrived.") from None
        return bytes(received)

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body(), self.headers.get("content-type", ""))
        return self._json


def parse_json(body: bytes, content_type: str) -> Any:
    """Raises HTTPException 415 or 400 for a body that is not JSON, InvalidValue for JSON that cannot be carried."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise HTTPException(415, "Send the body as JSON with the header Content-Type: application/json.")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        reason = f"{error.msg} at character {error.pos}" if isinstance(error, json.JSONDecodeError) else "unreadable"
        raise HTTPException(400, f"The body is not JSON: {reason}.") from None
    refuse_uncarriable(document)
    return document


def _refuse_nul(request: Request) -> None:
    if "\x00" in request.scope["path"]:
        raise HTTPException(404)
    for name, value in request.query_params.multi_items():
        require_carriable(name, "query")
        require_carriable(value, name)
