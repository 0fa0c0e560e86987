"""Lists as CSV or NDJSON for clients that prefer them, sent while they are read: a list may be longer than memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse

from api.http.lists.spreadsheets import CSV
from api.http.negotiation import JSON, NDJSON, VARY, quality_of
from service.tools.spreadsheets import cells, line


class Shape(StrEnum):
    """Named by their media types; where several are wanted alike, the first of them is sent."""

    JSON = JSON
    CSV = CSV
    NDJSON = NDJSON


Row = Mapping[str, Any]


def preferred_shape(request: Request) -> Shape:
    return max(Shape, key=lambda shape: quality_of(request, shape))


def exported(
    shape: Shape, columns: Sequence[str], first: Row | None, following: AsyncIterator[Row]
) -> StreamingResponse:
    """`first` and what follows it, row by row. CSV begins with a header."""
    lines = _csv(columns, first, following) if shape is Shape.CSV else _ndjson(first, following)
    return StreamingResponse(lines, media_type=f"{shape}; charset=utf-8", headers=VARY)


def documented_exports(columns: Sequence[str], example: Row) -> dict[str, Any]:
    """The OpenAPI entry for the good answer of a list."""
    return {
        "description": "A page as JSON, or the list as CSV or NDJSON for a client that prefers one.",
        "content": {
            CSV: {"schema": {"type": "string"}, "example": line(columns) + line(cells(columns, example))},
            NDJSON: {"schema": {"type": "string"}, "example": "{...}\n{...}\n"},
        },
    }


async def _csv(columns: Sequence[str], first: Row | None, following: AsyncIterator[Row]) -> AsyncIterator[str]:
    yield line(columns)
    if first is not None:
        yield line(cells(columns, first))
        async for row in following:
            yield line(cells(columns, row))


async def _ndjson(first: Row | None, following: AsyncIterator[Row]) -> AsyncIterator[str]:
    if first is not None:
        yield _document(first)
        async for row in following:
            yield _document(row)


def _document(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
