"""CSV for clients that prefer it to JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.http.negotiation import VARY, prefers
from service.tools.spreadsheets import spreadsheet

CSV = "text/csv"


def prefers_csv(request: Request) -> bool:
    """Whether `Accept` gives CSV a higher quality than JSON. JSON wins where both have the same quality."""
    return prefers(request, CSV)


def csv_response(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> Response:
    """A header, then one line for each row."""
    return Response(spreadsheet(columns, rows).encode(), media_type=f"{CSV}; charset=utf-8", headers=VARY)


def documented_csv(example: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entry for a route that answers with JSON or CSV."""
    return {
        200: {
            "description": "JSON, or CSV for a client that prefers it.",
            "content": {CSV: {"schema": {"type": "string"}, "example": example}},
        }
    }
