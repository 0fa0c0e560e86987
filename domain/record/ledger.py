"""What has fired so far, and what must fire or be withdrawn now: the decision of the workflow, as a pure function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from domain.instants import Instant, parse, parse_optional, render, render_optional
from domain.plan.milestones import LongPause, Milestone
from domain.plan.plans import Plan, TargetPlan

TICKET = "-"
"""Stands for the target where a milestone belongs to the ticket as a whole; no clock can have that name."""


@dataclass(frozen=True, slots=True)
class Key:
    """One milestone of one target, or of the ticket (`TICKET`). Each time it fires is a new generation of it."""

    target: str
    cycle: int
    milestone: str

    def __str__(self) -> str:
        return f"{self.target}/{self.cycle}/{self.milestone}"

    @classmethod
    def of(cls, target: TargetPlan, milestone: Milestone) -> Key:
        return cls(target.name, target.cycle, milestone.name)

    @classmethod
    def of_pause(cls, pause: LongPause) -> Key:
        return cls(TICKET, 1, pause.milestone)


@dataclass(frozen=True, slots=True)
class Firing:
    """A milestone that fired: when it was planned, when we fired it, and when it proved wrong, if it did.

    A firing was `skipped` if nobody was told: its milestone came while the escalation behind it was switched off, or
    was planned before a quiet event was received (domain/record/quiet.py). `outcomes` says what became of each action
    of an escalation (domain/record/outcomes.py).
    """

    key: Key
    generation: int
    planned_at: Instant
    fired_at: Instant
    withdrawn_at: Instant | None = None
    delivered_at: Instant | None = None
    skipped: bool = False
    outcomes: tuple[Mapping[str, Any], ...] = ()

    @property
    def stands(self) -> bool:
        return self.withdrawn_at is None

    def to_json(self) -> dict[str, Any]:
        return {
            "target": self.key.target,
            "cycle": self.key.cycle,
            "milestone": self.key.milestone,
            "generation": self.generation,
            "planned_at": render(self.planned_at),
            "fired_at": render(self.fired_at),
            "withdrawn_at": render_optional(self.withdrawn_at),
            "delivered_at": render_optional(self.delivered_at),
            **({"skipped": True} if self.skipped else {}),
            **({"outcomes": [dict(one) for one in self.outcomes]} if self.outcomes else {}),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Firing:
        return cls(
            key=Key(body["target"], body["cycle"], body["milestone"]),
            generation=body["generation"],
            planned_at=parse(body["planned_at"]),
            fired_at=parse(body["fired_at"]),
            withdrawn_at=parse_optional(body["withdrawn_at"]),
            delivered_at=parse_optional(body["delivered_at"]),
            skipped=body.get("skipped", False),
            outcomes=tuple(body.get("outcomes", ())),
        )


Ledger = tuple[Firing, ...]


def standing(ledger: Ledger) -> dict[Key, Firing]:
    """The firing of each milestone that has not been withdrawn."""
    return {firing.key: firing for firing in ledger if firing.stands}


def reconcile(plan: Plan, ledger: Ledger, now: Instant) -> Ledger:
    """The firings that change now: withdrawn ones first, then what has come due, oldest first.

    A firing is withdrawn when the plan no longer has that milestone at that instant. A milestone that moved and is
    still in the past fires again with its true instant, as the next generation: fired for 11:00 and moved to 10:30 by
    a late event, at 12:00 the firing of 11:00 is withdrawn and one of 10:30 fires.
    """
    planned = dict(planned_milestones(plan))
    stands = standing(ledger)
    wrong = [firing for key, firing in stands.items() if planned.get(key) != firing.planned_at]
    kept = stands.keys() - {firing.key for firing in wrong}
    due = sorted((at, index, key) for index, (key, at) in enumerate(planned.items()) if at <= now and key not in kept)
    generations = Counter(firing.key for firing in ledger)
    fired = [Firing(key, generations[key] + 1, planned_at=at, fired_at=now) for at, _, key in due]
    return (*(replace(firing, withdrawn_at=now) for firing in wrong), *fired)


def merge(ledger: Ledger, changed: Iterable[Firing]) -> Ledger:
    """The ledger with some firings replaced by their newer form and new ones appended."""
    merged = {(firing.key, firing.generation): firing for firing in ledger}
    merged.update({(firing.key, firing.generation): firing for firing in changed})
    return tuple(merged.values())


def next_instant(plan: Plan, ledger: Ledger) -> tuple[Instant, Key] | None:
    """The earliest planned milestone that has not fired, whether past or future."""
    stands = standing(ledger)
    waiting = [(at, key) for key, at in planned_milestones(plan) if key not in stands]
    return min(waiting, key=lambda pair: pair[0], default=None)


def planned_milestones(plan: Plan) -> Iterator[tuple[Key, Instant]]:
    """Everything that has happened or is going to, with its instant."""
    for target in plan.targets:
        for milestone in target.milestones:
            if milestone.planned_at is not None:
                yield Key.of(target, milestone), milestone.planned_at
    yield from ((Key.of_pause(pause), pause.at) for pause in plan.long_pauses)
