"""What is sent to the engine and when. An arrival's time differs from the time that its event bears."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from random import Random

from domain.instants import SECOND, Instant, Micros
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.catalog import Catalog
from domain.policy.snapshot import Snapshot
from domain.ticket.events import Event
from sources.tickets import LoggedTicket

# An event at a milestone's very instant comes before the milestone, so it is sent shortly before that instant: an
# instance takes events that are up to five minutes ahead. The odd half second keeps arrivals off the milestones, which
# fall on whole seconds: a test server (unlike a real one) rejects the task that cancels a timer which fires meanwhile.
LEAD = Micros(30 * SECOND + SECOND // 2)


@dataclass(frozen=True, slots=True)
class Case:
    """One ticket under its policy. `expected` is the plan of its events, computed outside any workflow."""

    logged: LoggedTicket
    snapshot: Snapshot
    expected: Plan

    @property
    def instance_id(self) -> str:
        return self.snapshot.facts.instance_id


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that reaches the engine at `at`; the opening starts the instance."""

    at: Instant
    case: Case
    event: Event


def cases(tickets: Iterable[LoggedTicket], catalog: Catalog, tzdata_version: str) -> tuple[Case, ...]:
    """The tickets that a policy applies to."""
    tracked = ((ticket, catalog.snapshot(ticket.ticket, tzdata_version)) for ticket in tickets)
    return tuple(
        Case(ticket, snapshot, plan(snapshot, ticket.events))
        for ticket, snapshot in tracked
        if snapshot is not None and snapshot.targets
    )


def in_time_order(case: Case) -> Iterator[Arrival]:
    """Every event arrives shortly before its instant; an event dated before the opening arrives right after that."""
    opened_at = case.logged.opened.occurred_at
    for event in case.logged.events:
        yield Arrival(Instant(max(event.occurred_at, opened_at) - LEAD), case, event)


@dataclass(frozen=True, slots=True)
class Disorder:
    """Every event but the opening arrives up to `most` late. The share `doubled` of them (0 to 1) arrives once more.

    Equal seeds give equal arrivals.
    """

    most: Micros
    doubled: float
    seed: int

    def __bool__(self) -> bool:
        return self.most > 0 or self.doubled > 0

    def arrivals(self, case: Case) -> Iterator[Arrival]:
        chance = Random(f"{self.seed}/{case.instance_id}")  # noqa: S311 - no secret
        opening, *others = in_time_order(case)
        yield opening
        for arrival in others:
            yield self._late(arrival, chance)
            if chance.random() < self.doubled:
                yield self._late(arrival, chance)

    def _late(self, arrival: Arrival, chance: Random) -> Arrival:
        # Whole seconds, so that it stays off the milestones as arrivals in order do.
        late = chance.randrange(self.most // SECOND + 1) * SECOND
        return replace(arrival, at=Instant(arrival.at + late))


def by_instant(arrivals: Iterable[Arrival]) -> list[tuple[Instant, list[Arrival]]]:
    """Arrivals of one instant together, in the order given."""
    ordered = sorted(arrivals, key=lambda arrival: arrival.at)
    return [(at, list(group)) for at, group in groupby(ordered, key=lambda arrival: arrival.at)]
