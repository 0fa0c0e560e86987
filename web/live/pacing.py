"""How often an organization's browsers are told of changes, so that what they then fetch stays a share of a core."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

FETCHES_A_SECOND = 200
"""Each browser that is told fetches a part of a page. A larger audience is told of the same changes less often."""


class Pacing:
    """A change is told at once unless the audience was told a moment ago; then it is told after that moment."""

    def __init__(self, least: float = 0.0) -> None:
        """`least` is in seconds: however few they are, browsers are not told of changes more often."""
        self._least = least
        self._untold: set[str] = set()
        self._free_at: dict[str, float] = {}

    def told_now(self, changed: Iterable[str], audience: Iterable[str], now: float) -> frozenset[str]:
        """The organizations that are to be told, of those that have changed now or before. `audience` has the
        organization of each open browser, `now` is in seconds."""
        numbers = Counter(audience)
        self._untold = {one for one in (*self._untold, *changed) if numbers[one]}
        told = frozenset(one for one in self._untold if now >= self._free_at.get(one, now))
        self._untold -= told
        self._free_at = {one: at for one, at in self._free_at.items() if at > now}
        self._free_at.update({one: now + max(self._least, numbers[one] / FETCHES_A_SECOND) for one in told})
        return told

    def due_at(self) -> float | None:
        """When the first of those that still wait is to be told; None where nobody waits."""
        return min((self._free_at.get(one, 0.0) for one in self._untold), default=None)
