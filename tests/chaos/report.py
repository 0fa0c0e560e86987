"""What a run prints."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

RECONCILER = re.compile(r" slakeeper\.reconciler: sla/\S+: (\w+): .*; (.+)$", re.MULTILINE)
MOST_SHOWN = 60


@dataclass
class Report:
    """Figures in the order they are printed; without any difference the run was good."""

    seed: int
    store: str
    seconds: float
    figures: dict[str, str] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    def count(self, name: str, counts: Mapping[str, int]) -> None:
        self.figures[name] = ", ".join(f"{what} {count}" for what, count in sorted(counts.items())) or "none"

    def lines(self) -> Sequence[str]:
        width = max(map(len, self.figures), default=0)
        shown = self.differences[:MOST_SHOWN]
        more = len(self.differences) - len(shown)
        return [
            f"seed {self.seed}, {self.seconds:g} s, {self.store}",
            *(f"  {name:{width}}  {value}" for name, value in self.figures.items()),
            f"{len(self.differences)} differences" if self.differences else "no difference",
            *(f"- {difference}" for difference in shown),
            *([f"... and {more} more"] if more else []),
        ]


def restarts(logs: Path) -> Counter[str]:
    """What the reconciler found and did, from the worker's logs."""
    counts: Counter[str] = Counter()
    for log in logs.glob("worker.log*"):
        for trouble, done in RECONCILER.findall(log.read_text(errors="replace")):
            counts[f"{trouble} ({re.sub(r' step .*', '', done)})"] += 1
    return counts


def spread(values: Sequence[float]) -> str:
    """p50, p99 and maximum of sorted seconds."""
    if not values:
        return "none"
    p50, p99 = (values[min(len(values) - 1, int(len(values) * share))] for share in (0.5, 0.99))
    return f"p50 {p50:.2f} s, p99 {p99:.2f} s, max {values[-1]:.2f} s"
