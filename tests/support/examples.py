"""How many examples the properties are tried on: few enough for every run, and more of them by `EXAMPLES=10`."""

from __future__ import annotations

import os

_TIMES = float(os.environ.get("EXAMPLES", "1"))


def examples(usual: int) -> int:
    """The usual number, times what `make test EXAMPLES=10` says."""
    return max(1, round(usual * _TIMES))


def longest(usual: float) -> float:
    """How many seconds a test may take: as much longer as there are more examples."""
    return usual * max(1.0, _TIMES)
