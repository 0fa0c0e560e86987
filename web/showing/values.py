"""Values of fields as people type them: words as they are, numbers and true, false and null as in JSON."""

from __future__ import annotations

import json
import re
from typing import Any

_ITEM = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^,]*)\s*(?:,|\Z)')


def spelled(value: Any) -> str:
    """Text that `read` reads as the same value; a text that looks like another value stands in quotes."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    is_plain = value == value.strip() and value != "" and not value.startswith(('"', "[", "{")) and read(value) == value
    return value if is_plain and value.isprintable() else json.dumps(value, ensure_ascii=False)


def spelled_list(values: Any) -> str:
    """`urgent, high`; a value with a comma stands in quotes."""
    return ", ".join(json.dumps(one) if isinstance(one, str) and "," in one else spelled(one) for one in values)


def read(text: str) -> Any:
    """A number, true, false, null, a text in quotes or a list in brackets as JSON has it, else the text itself."""
    stripped = text.strip()
    try:
        value = json.loads(stripped)
    except (ValueError, RecursionError):
        return stripped
    # Python reads what JSON does not have: Infinity, NaN.
    return stripped if stripped.lstrip("-") in ("Infinity", "NaN") else value


def read_list(text: str) -> list[Any]:
    """`urgent, high` as a list of values; empty places between commas are none."""
    whole = read(text)
    if isinstance(whole, list):
        return whole
    found = [one.group(1).strip() for one in _ITEM.finditer(text)]
    return [read(one) for one in found if one]
