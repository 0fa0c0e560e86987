"""Values that are compared however their letters are written: `Urgent` is `urgent`."""

from __future__ import annotations

from typing import Any


def folded(value: Any) -> Any:
    """A text, or the texts of a list, without regard to case; anything else as it is."""
    if isinstance(value, str):
        return value.casefold()
    return tuple(folded(one) for one in value) if isinstance(value, list | tuple) else value
