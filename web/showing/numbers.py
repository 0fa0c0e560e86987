"""Figures as people read them."""

from __future__ import annotations

DASH = "\u2013"


def percent(share: float | None, digits: int = 0) -> str:
    """A share from 0 to 1: `98 %`; a dash where there is none."""
    return DASH if share is None else f"{100 * share:.{digits}f} %"
