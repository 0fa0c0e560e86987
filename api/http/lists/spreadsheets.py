"""CSV (RFC 4180), for clients that prefer it to JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.http.negotiation import VARY, prefers

CSV = "text/csv"
# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def prefers_csv(request: Request) -> bool:
    """Whether `Accept` gives CSV a higher quality than JSON. JSON wins where both have the same quality."""
    return prefers(request, CSV)


def csv_response(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> Response:
    """A header, then one line for each row. A text that a spreadsheet might run as a formula gets an apostrophe in
    front."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([cell(row.get(column)) for column in columns] for row in rows)
    return Response(text.getvalue().encode(), media_type=f"{CSV}; charset=utf-8", headers=VARY)


def documented_csv(example: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entry for a route that answers with JSON or CSV."""
    return {
        200: {
            "description": "JSON, or CSV for a client that prefers it.",
            "content": {CSV: {"schema": {"type": "string"}, "example": example}},
        }
    }


def cell(value: Any) -> Any:
    """What stands in a cell for the value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
