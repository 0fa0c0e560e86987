"""Whether the engine does what it promises, in a word and a sentence. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.instants import SECOND, Instant
from service.readiness import Readiness

Kind = Literal["good", "warn", "bad", "idle"]


@dataclass(frozen=True, slots=True)
class Lamp:
    """`at` is when it was found out; None before anybody has. `figures_at` is as of when figures are while something is
    away, None where they are as of now or nobody can say."""

    kind: Kind
    word: str
    sentence: str
    at: Instant | None
    figures_at: Instant | None = None

    @property
    def says(self) -> tuple[str, str]:
        """What browsers are told of when it changes: one that still says the same is no news."""
        return self.kind, self.sentence


UNKNOWN = Lamp("idle", "Not asked yet", "Nobody has asked the engine yet", None)


def lamp_of(found: Readiness, at: Instant, well_at: Instant | None = None) -> Lamp:
    """The worst that is so. `well_at` is when nothing was away, as far as anybody knows."""
    if not found.store.up:
        return Lamp("bad", "Store away", "The store does not answer; clocks go on", at, well_at)
    if not found.temporal.up:
        return Lamp("bad", "Temporal away", "Temporal does not answer; no clock fires until it does", at, well_at)
    if not found.worker.up:
        # What was recorded last is what the last worker recorded.
        silent = found.worker.figures.get("last_poll_seconds")
        last = well_at if silent is None else Instant(at - round(silent * SECOND))
        return Lamp("bad", "No worker", "No worker answers; nothing is told until one does", at, last)
    if not found.milestones.up:
        overdue = _counted(found.milestones.figures.get("overdue"), "milestone")
        return Lamp("warn", "Engine late", f"{overdue} should have fired a minute ago", at)
    if not found.instances.up:
        stuck = _counted(found.instances.figures.get("stuck"), "ticket")
        return Lamp("warn", "Stuck", f"{stuck} cannot go on; the log of the worker says why", at)
    return Lamp("good", "Engine well", "A worker answers and no milestone is late", at)


def _counted(number: object, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{'Some' if number is None else number} {what}s"
