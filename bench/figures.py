"""What a row of the table says."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bench.rig import Rig


@dataclass(frozen=True, slots=True)
class Figure:
    """Our figure and that of the baseline in one `unit`; `target` is what their ratio, or ours alone, is to reach."""

    what: str
    ours: float
    unit: str
    baseline: float | None = None
    target: str = ""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.baseline if self.baseline else None


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are measured together. With `full` only where everything is asked for."""

    name: str
    measure: Callable[[Rig], Awaitable[Sequence[Figure]]]
    full: bool = False


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], hundredths: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * hundredths // 100)]
