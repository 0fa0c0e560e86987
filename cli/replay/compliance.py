"""How well the promises were kept, from what the workflows did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from cli.replay.driver import ReplayedCase
from domain.instants import Instant, Micros
from domain.plan.status import met
from domain.record.views import calendar_of, used_at


@dataclass(frozen=True, slots=True)
class Line:
    """One priority and target; `elapsed` is the median working time of the clocks that stopped."""

    priority: str
    target: str
    met: int
    breached: int
    open: int
    elapsed: Micros | None

    @property
    def count(self) -> int:
        return self.met + self.breached + self.open

    @property
    def rate(self) -> float | None:
        """Met of those decided, between 0 and 1."""
        decided = self.met + self.breached
        return self.met / decided if decided else None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of the tickets for which the log has a verdict of its own: how many got the same verdict here, and how many."""

    agreed: int
    compared: int


def compliance(outcomes: Iterable[ReplayedCase], as_of: Instant) -> list[Line]:
    verdicts: dict[tuple[str, str], list[bool | None]] = defaultdict(list)
    elapsed: dict[tuple[str, str], list[Micros]] = defaultdict(list)
    for outcome in outcomes:
        snapshot = outcome.case.snapshot
        for target in outcome.plan.targets:
            key = (snapshot.ticket.priority or "none", target.clock_name)
            verdicts[key].append(met(target, as_of))
            if not target.is_open:
                elapsed[key].append(used_at(target, calendar_of(snapshot, target), as_of))
    return [_line(key, verdicts[key], elapsed[key]) for key in sorted(verdicts)]


def agreement(outcomes: Iterable[ReplayedCase], as_of: Instant) -> Agreement:
    pairs = [(outcome.case.logged.made_sla, _kept(outcome, as_of)) for outcome in outcomes]
    compared = [(theirs, ours) for theirs, ours in pairs if theirs is not None]
    return Agreement(sum(theirs is ours for theirs, ours in compared), len(compared))


def _kept(outcome: ReplayedCase, as_of: Instant) -> bool:
    return all(met(target, as_of) is not False for target in outcome.plan.targets)


def _line(key: tuple[str, str], verdicts: Sequence[bool | None], elapsed: Sequence[Micros]) -> Line:
    return Line(
        *key,
        met=verdicts.count(True),
        breached=verdicts.count(False),
        open=verdicts.count(None),
        elapsed=Micros(round(median(elapsed))) if elapsed else None,
    )
