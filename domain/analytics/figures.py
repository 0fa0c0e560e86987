"""The figures of a report: how many promises were kept, and how long the clocks took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from domain.analytics.rates import Tally
from domain.analytics.spreads import Spread

Trait = Literal["type", "priority", "policy_id", "team_id"]


@dataclass(frozen=True, slots=True)
class Group:
    """The clocks that have all their traits in common."""

    type: str
    priority: str | None
    policy_id: str | None
    team_id: str | None
    tally: Tally


@dataclass(frozen=True, slots=True)
class Times:
    """How long the clocks of one type took from start to stop, in working and in wall time."""

    count: int
    working: Spread
    wall: Spread


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a period.

    `times` holds by type the counted clocks that have stopped; `paused_share` is how much of their wall time was
    paused, from 0 to 1, None without such clocks.
    """

    groups: Sequence[Group]
    instances: int
    times: Mapping[str, Times]
    paused_share: float | None

    @property
    def tally(self) -> Tally:
        return sum((group.tally for group in self.groups), Tally())

    def by(self, trait: Trait) -> Sequence[tuple[str | None, Tally]]:
        """The tallies by one trait, the one with most counted clocks first, then by name; without empty ones.

        Priorities that differ in case alone are one, by the first of their spellings.
        """
        tallies: dict[str | None, Tally] = {}
        spelled: dict[str | None, str | None] = {}
        for group in self.groups:
            value: str | None = getattr(group, trait)
            key = value if value is None or trait != "priority" else value.casefold()
            spelled[key] = min(spelled.get(key) or value or "", value or "") or None
            tallies[key] = tallies.get(key, Tally()) + group.tally
        counted = ((spelled[key], tally) for key, tally in tallies.items() if tally.counted or tally.excused)
        return sorted(counted, key=lambda pair: (-pair[1].counted, pair[0] is None, pair[0] or ""))
