"""Answers are sent as the routes make them. What the engine has built itself is not validated again on its way out.

The `response_model` of a route describes its answer in the OpenAPI document. Tests compare the two.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from starlette.responses import Response

Endpoint = Callable[..., Awaitable[Any]]

_OURS = "response_in_the_making"


class Json(Response):
    """A document of plain JSON values. Raises ValueError or TypeError for anything else."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def as_made(endpoint: Endpoint, status_code: int | None) -> Endpoint:
    """The endpoint, with its document turned into a response; `status_code` is used where the endpoint sets none."""
    own = inspect.signature(endpoint, eval_str=True)
    theirs = next((name for name, one in own.parameters.items() if one.annotation is Response), None)

    @wraps(endpoint)
    async def answer(**values: Any) -> Any:
        making: Response = values[theirs] if theirs is not None else values.pop(_OURS)
        document = await endpoint(**values)
        if document is None or isinstance(document, Response):
            return document
        made = Json(document, making.status_code or status_code or 200)
        made.raw_headers.extend(making.raw_headers)
        return made

    if theirs is None:
        ours = inspect.Parameter(_OURS, inspect.Parameter.KEYWORD_ONLY, annotation=Response)
        own = own.replace(parameters=[*own.parameters.values(), ours])
    answer.__signature__ = own  # type: ignore[attr-defined]
    return answer
