"""What is remembered of a ticket between deliveries, for systems that do not say what was before.

Zammad, Help Scout and ServiceNow send a ticket as it is, not what has changed, and none of them sends in order. The
last few states are therefore kept in the order in which they were, not in which they came. A state that arrives late
takes its place among them: what lies between it and its neighbours is told then, under ids that make a fact told
twice one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.instants import Instant, parse, render
from sources.hooks.language.states import Standing, State

KEPT = 8
"""States of one ticket that are kept; what arrives behind all of them changes nothing any more."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The ticket as one delivery showed it.

    `order` is the source's own count where it has one, else 0; it goes before the time. `standing` None: the delivery
    said nothing of the state, which is that of the one before. `values` are what it told of team, priority and fields;
    what it did not tell is as it was before.
    """

    key: str
    at: Instant
    order: int = 0
    standing: Standing | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    compared: bool = False
    """Whether its events follow from what was seen before it; else the delivery itself said what happened."""

    @property
    def place(self) -> tuple[int, Instant]:
        return self.order, self.at

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {"key": self.key, "at": render(self.at), "values": dict(self.values)}
        if self.order:
            document["order"] = self.order
        if self.compared:
            document["compared"] = True
        if self.standing is not None:
            document["state"] = self.standing.state.value
            if self.standing.cause:
                document["cause"] = self.standing.cause
            if self.standing.until is not None:
                document["until"] = render(self.standing.until)
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Seen:
        state, until = document.get("state"), document.get("until")
        standing = None
        if state is not None:
            standing = Standing(State(state), document.get("cause", ""), None if until is None else parse(until))
        return cls(
            key=document["key"],
            at=parse(document["at"]),
            order=document.get("order", 0),
            standing=standing,
            values=document.get("values", {}),
            compared=document.get("compared", False),
        )


@dataclass(frozen=True, slots=True)
class Remembered:
    """A ticket that was heard of before; `seen` stands in the order of the source.

    `opened_by` is the key of the delivery that it was first heard of by; `acknowledged_at`: since when somebody is
    known to work on it. `forgets`: something older than `seen` was known once.
    """

    seen: tuple[Seen, ...] = ()
    opened_by: str = ""
    acknowledged_at: Instant | None = None
    forgets: bool = False

    def place_of(self, one: Seen) -> int:
        """Where it belongs: behind what stands at its own place, or where it stands already."""
        known = next((index for index, other in enumerate(self.seen) if other.key == one.key), None)
        return bisect_right(self.seen, one.place, key=lambda other: other.place) if known is None else known

    def values_before(self, place: int) -> dict[str, Any]:
        """Team, priority and fields as far as they were told."""
        return {name: value for one in self.seen[:place] for name, value in one.values.items()}

    def standing_before(self, place: int) -> Standing | None:
        return next((one.standing for one in reversed(self.seen[:place]) if one.standing is not None), None)

    def without(self, key: str) -> Remembered:
        return replace(self, seen=tuple(one for one in self.seen if one.key != key))

    def with_(self, one: Seen, place: int, acknowledged_at: Instant | None) -> Remembered:
        seen, forgets = [*self.seen[:place], one, *self.seen[place:]], self.forgets
        while len(seen) > KEPT:
            oldest, forgets = seen.pop(0), True
            standing, values = seen[0].standing or oldest.standing, {**oldest.values, **seen[0].values}
            seen[0] = replace(seen[0], standing=standing, values=values)
        times = [at for at in (self.acknowledged_at, acknowledged_at) if at is not None]
        return replace(self, seen=tuple(seen), acknowledged_at=min(times, default=None), forgets=forgets)

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {"seen": [one.to_json() for one in self.seen]}
        if self.opened_by:
            document["opened_by"] = self.opened_by
        if self.acknowledged_at is not None:
            document["acknowledged_at"] = render(self.acknowledged_at)
        if self.forgets:
            document["forgets"] = True
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Remembered:
        """What `to_json` wrote."""
        at = document.get("acknowledged_at")
        seen: Sequence[Mapping[str, Any]] = document["seen"]
        return cls(
            tuple(Seen.from_json(one) for one in seen),
            document.get("opened_by", ""),
            None if at is None else parse(at),
            document.get("forgets", False),
        )
