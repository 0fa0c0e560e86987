"""A kept body beside what is remembered of its tickets: what each of its items becomes, and what to remember then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sources.hooks import Echo, Interpretation, Item, Outcome, Remembered, Source
from store.sources.bodies import BodyState
from store.sources.settling import Settlement

Document = dict[str, Any]
Handed = Callable[[Interpretation], Awaitable[Document]]
"""Hands the events of an item to its ticket, and says what became of it."""


def subjects_of(items: Sequence[Item | Interpretation]) -> Sequence[str]:
    """The tickets that a delivery speaks of, each once."""
    return list(dict.fromkeys(item.subject for item in items if isinstance(item, Item)))


@dataclass
class Reading:
    """Interprets the items of one body, one after the other; `known` is what is remembered before, `echoes` what was
    written to each ticket and may come back."""

    source: Source
    known: Mapping[str, Mapping[str, Any]]
    echoes: Mapping[str, Sequence[Echo]] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    remembered: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def interpret(self, item: Item | Interpretation) -> Interpretation:
        if isinstance(item, Interpretation):
            return item
        known = self.remembered.get(item.subject, self.known.get(item.subject))
        memory, echoes = None if known is None else Remembered.from_json(known), self.echoes.get(item.subject, ())
        outcome = self.source.interpret(item, memory, [one for one in echoes if one.key not in self.heard])
        self.heard += outcome.heard
        if outcome.remembered is not None:
            self.remembered[item.subject] = outcome.remembered.to_json()
        return outcome

    async def settlement(self, items: Sequence[Item | Interpretation], hand: Handed) -> Settlement:
        """What became of the body. What `hand` raises is its caller's."""
        outcomes: list[Document] = []
        for item in items:
            outcome = self.interpret(item)
            outcomes.append(await hand(outcome) if outcome.outcome is Outcome.UNDERSTOOD else outcome.to_json())
        return Settlement(_state(outcomes), outcomes, _reason(outcomes), self.remembered, self.heard)


def _state(outcomes: Sequence[Document]) -> BodyState:
    found = {one["outcome"] for one in outcomes}
    if Outcome.SET_ASIDE in found:
        return BodyState.SET_ASIDE
    return BodyState.APPLIED if Outcome.UNDERSTOOD in found else BodyState.IGNORED


def _reason(outcomes: Sequence[Document]) -> str:
    """Of what was set aside, else of what was ignored; the same one is said once."""
    aside = [one for one in outcomes if one["outcome"] == Outcome.SET_ASIDE]
    told = [_said(one) for one in aside or outcomes]
    return "; ".join(dict.fromkeys(reason for reason in told if reason))


def _said(outcome: Document) -> str:
    place = f"{outcome['field']}: " if outcome.get("field") else ""
    return f"{place}{outcome['reason']}" if outcome.get("reason") else ""
