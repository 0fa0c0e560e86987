"""CSV (RFC 4180) as spreadsheets read it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def spreadsheet(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A header, then one line for each row."""
    return line(columns) + "".join(line(cells(columns, row)) for row in rows)


def line(given: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(given)
    return text.getvalue()


def cells(columns: Sequence[str], row: Mapping[str, Any]) -> list[Any]:
    return [cell(row.get(column)) for column in columns]


def cell(value: Any) -> Any:
    """What stands in a cell for the value. A text that a spreadsheet might run as a formula gets an apostrophe in
    front."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
