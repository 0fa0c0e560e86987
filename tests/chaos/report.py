"""What a run prints."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

RECONCILER = re.compile(r"^(.*) slakeeper\.reconciler: (sla/\S+): (\w+): (.*); (.+)$", re.MULTILINE)
# What a part that was away leads to, and nothing worse.
EXPECTED = frozenset({"gone", "unrecorded"})
MOST_REMARKS = 10
MOST_SHOWN = 60


@dataclass
class Report:
    """Figures in the order they are printed; without any difference the run was good."""

    seed: int
    store: str
    seconds: float
    figures: dict[str, str] = field(default_factory=dict)
    remarks: Sequence[str] = ()
    """What the engine noticed, and got over if nothing differs."""
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
            *(f"  seen: {remark}" for remark in self.remarks[:MOST_REMARKS]),
            f"{len(self.differences)} differences" if self.differences else "no difference",
            *(f"- {difference}" for difference in shown),
            *([f"... and {more} more"] if more else []),
        ]


@dataclass(frozen=True, slots=True)
class Word:
    """One finding of the reconciler, and what it did."""

    at: str
    workflow_id: str
    trouble: str
    detail: str
    done: str

    def __str__(self) -> str:
        return f"{self.at}: {self.workflow_id}: {self.trouble}: {self.detail}; {self.done}"


def words_of_the_reconciler(logs: Path) -> Sequence[Word]:
    found = [RECONCILER.findall(log.read_text(errors="replace")) for log in sorted(logs.glob("worker.log*"))]
    return [Word(*parts) for of_log in found for parts in of_log]


def restarts(said: Sequence[Word]) -> Counter[str]:
    return Counter(f"{word.trouble} ({re.sub(r' up to step .*', '', word.done)})" for word in said)


def spread(values: Sequence[float]) -> str:
    """p50, p99 and maximum of sorted seconds."""
    if not values:
        return "none"
    p50, p99 = (values[min(len(values) - 1, int(len(values) * share))] for share in (0.5, 0.99))
    return f"p50 {p50:.2f} s, p99 {p99:.2f} s, max {values[-1]:.2f} s"
