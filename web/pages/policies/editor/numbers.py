"""Numbers that people type."""

from __future__ import annotations

import math


def number(text: str) -> int | float | str | None:
    """None for nothing; what is no number stays the text, for the schema to refuse."""
    if not text:
        return None
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        return value if math.isfinite(value) else text
    return text
