"""Numbers that people type."""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?")


def number(text: str) -> int | float | str | None:
    """None for nothing; what is no number stays the text, for the schema to refuse."""
    if not text:
        return None
    found = _NUMBER.fullmatch(text)
    if found is None:
        return text
    value = int(text) if found[1] is None and found[2] is None else float(text)
    return value if math.isfinite(value) else text
