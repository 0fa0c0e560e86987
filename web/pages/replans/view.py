"""Replans as they are shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.instants import Instant, parse_optional
from domain.replan.replanning import BreachChange
from service.replans.replans import ReplanCounts
from store.instances.replans import InstanceReplan, Replan
from web.showing.words import words

MOST_SHOWN = 200
BECOMES: Mapping[str, tuple[str, str]] = {
    BreachChange.WOULD_BREACH.value: ("would breach", "bad"),
    BreachChange.SAVED.value: ("no longer breached", "good"),
    BreachChange.STAYS.value: ("stays breached", "warn"),
}


@dataclass(frozen=True, slots=True)
class Moved:
    """One target of one ticket; `becomes` says of its breach in a word, empty where it has none."""

    instance_id: str
    promise: str
    due_from: Instant | None
    due_to: Instant | None
    becomes: str
    kind: str


@dataclass(frozen=True, slots=True)
class Preview:
    sentence: str
    moved: Sequence[Moved]
    more: int
    refused: Sequence[tuple[str, str]]
    changes_something: bool


def preview_of(counts: ReplanCounts) -> Preview:
    shown = [
        one for moved in counts.shown for one in moves_of(moved.instance_id, [move.to_json() for move in moved.moves])
    ]
    return Preview(
        sentence(counts.checked, counts.moved, counts.would_breach, counts.saved),
        shown[:MOST_SHOWN],
        max(0, len(shown) - MOST_SHOWN),
        [(one.instance_id, one.reason) for one in counts.refused],
        bool(counts.moved),
    )


def sentence(checked: int, moved: int, would_breach: int, saved: int) -> str:
    """`14 running tickets would move, 2 would breach, 1 would be saved.`"""
    if not checked:
        return "No running ticket is measured by it."
    if not moved:
        return f"None of {_tickets(checked)} would move."
    parts = [f"{_tickets(moved)} would move"]
    if would_breach:
        parts.append(f"{would_breach} would breach")
    if saved:
        parts.append(f"{saved} would be saved")
    return f"{', '.join(parts)}."


def moves_of(instance_id: str, moves: Iterable[Mapping[str, Any]]) -> list[Moved]:
    """From moves as they are kept."""
    found = []
    for move in moves:
        becomes, kind = BECOMES.get(str(move.get("breach") or ""), ("", ""))
        due_from, due_to = parse_optional(move.get("due_from")), parse_optional(move.get("due_to"))
        promise = words(str(move.get("name") or move.get("type") or ""))
        found.append(Moved(instance_id, promise, due_from, due_to, becomes, kind))
    return found


def kept_moves(changed: Iterable[InstanceReplan]) -> tuple[list[Moved], list[tuple[str, str]]]:
    """What moved, and which instances keep their rules, and why."""
    moved: list[Moved] = []
    refused: list[tuple[str, str]] = []
    for one in changed:
        moved += moves_of(one.instance_id, one.moves)
        if one.refused is not None:
            refused.append((one.instance_id, one.refused))
    return moved, refused


def asked(replan: Replan, names: Mapping[str, str]) -> str:
    """What it put in place: `policy Urgent`, `business hours Help desk`, `a closure`."""
    request = replan.request
    if "policy_id" in request:
        return f"policy {names.get(str(request['policy_id']), request['policy_id'])}"
    if "business_hours_id" in request:
        return f"business hours {names.get(str(request['business_hours_id']), request['business_hours_id'])}"
    return "a closure" if "closure" in request else "the time zone database"


def _tickets(count: int) -> str:
    return f"{count} running ticket{'' if count == 1 else 's'}"
