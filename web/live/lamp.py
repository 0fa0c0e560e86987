"""Whether the engine does what it promises, in a word and a sentence. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.instants import Instant
from service.readiness import Readiness

Kind = Literal["good", "warn", "bad", "idle"]


@dataclass(frozen=True, slots=True)
class Lamp:
    """`at` is when it was found out; None before anybody has."""

    kind: Kind
    word: str
    sentence: str
    at: Instant | None


UNKNOWN = Lamp("idle", "Not asked yet", "Nobody has asked the engine yet.", None)


def lamp_of(found: Readiness, at: Instant) -> Lamp:
    """The worst that is so."""
    if not found.store.up:
        return Lamp("bad", "Store away", "The store does not answer: figures are as they were. Clocks go on.", at)
    if not found.temporal.up:
        return Lamp("bad", "Temporal away", "Temporal does not answer: no clock fires until it does.", at)
    if not found.worker.up:
        return Lamp(
            "bad", "No worker", "No worker answers: nothing is told and nothing is recorded until one does.", at
        )
    if not found.milestones.up:
        overdue = found.milestones.figures.get("overdue", "Some")
        return Lamp("warn", "Engine late", f"{overdue} milestones should have fired a minute ago.", at)
    if not found.instances.up:
        stuck = found.instances.figures.get("stuck", "Some")
        return Lamp("warn", "Stuck", f"{stuck} tickets cannot go on; the log of the worker says why.", at)
    return Lamp("good", "Engine well", "A worker answers and no milestone is late.", at)
