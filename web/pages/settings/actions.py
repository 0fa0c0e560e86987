"""What a button does: its page says afterwards that it was done, or why not."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound, SlaError
from service.dependencies import Dependencies
from web.http import notes


async def done(
    request: Request, deps: Dependencies, place: str, work: Awaitable[Any], said: str, then: str = ""
) -> Response:
    """`said` at `then`, which is `place` unless another is named; a refusal at `place`. Raises NotFound."""
    try:
        await work
    except NotFound:
        raise
    except SlaError as error:
        return notes.refused(request, place, error, deps.cipher, deps.now())
    return notes.see_other(request, then or place, said, deps.cipher, deps.now())
