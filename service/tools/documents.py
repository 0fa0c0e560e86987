"""Documents from outside: how large and deep one may be, and what the store and Temporal can carry.

PostgreSQL takes no NUL in a text, UTF-8 no lone surrogate, and JSON no infinity, but `json.loads` reads all three.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from domain.errors import InvalidValue

MAX_BYTES = 256 * 1024
"""A snapshot holds a ticket, a policy and a calendar, each at most this large; Temporal takes 2 MB a message."""
MAX_DEPTH = 32


def refuse_uncarriable(document: Any) -> None:
    """Raises InvalidValue, naming the path, for a text or number that cannot be carried, and for too deep a nesting."""
    stack: list[tuple[str, int, Any]] = [("", 0, document)]
    while stack:
        path, depth, value = stack.pop()
        if isinstance(value, str):
            require_carriable(value, path or "body")
        elif isinstance(value, float) and not math.isfinite(value):
            raise InvalidValue(path or "body", str(value), "must be a finite number")
        elif isinstance(value, dict | list):
            if depth == MAX_DEPTH:
                raise InvalidValue(path[:100], "...", f"must not be nested deeper than {MAX_DEPTH} levels")
            stack.extend((inner, depth + 1, child) for inner, child in _children(path, value))


def require_carriable(text: str, field: str) -> None:
    """Raises InvalidValue for NUL and for half of a surrogate pair."""
    if "\x00" in text:
        raise InvalidValue(field, text, "must not contain the character NUL")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidValue(field, text, "must be valid Unicode (half of a surrogate pair stands alone)")


def _children(path: str, value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        yield from ((f"{path}[{index}]", child) for index, child in enumerate(value))
        return
    for key, child in value.items():
        inner = f"{path}.{key}" if path else key
        require_carriable(key, inner)
        yield inner, child
