"""What a plan says is going to happen, and when: the milestones of targets, and pauses that stop counting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from domain.digests import short_digest
from domain.ids import escaped
from domain.instants import Instant, Micros, parse, parse_optional, render, render_optional

HALFWAY = "halfway"
AT_RISK = "at_risk"
BREACHED = "breached"
ESCALATION = "escalation"
PAUSE_TOO_LONG = "pause_too_long"
AUTOMATIC = f"{ESCALATION}:auto"
"""The step to the escalation contact, which happens only while the organization escalates automatically."""
REPEAT = ":repeat:"
"""Stands between the name of a step and the number of its repeat: `escalation:esc_1:repeat:2`."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """An instant on a target's clock, such as `halfway`.

    `planned_at` None means that the milestone is not going to happen as things stand. `threshold` is the working time
    that is used up at that instant; `escalation` carries the rule behind an escalation step. `held_since` is when a
    step was reached that was held until its hours opened at `planned_at`. `repeat` counts how often the step has spoken
    before.
    """

    name: str
    threshold: Micros
    planned_at: Instant | None
    escalation: Mapping[str, Any] | None = None
    held_since: Instant | None = None
    repeat: int = 0

    @property
    def step(self) -> str:
        """The name of the step that this one repeats; its own name where it is no repeat."""
        return self.name.rpartition(REPEAT)[0] if self.repeat else self.name

    def to_json(self) -> dict[str, Any]:
        """A repeat leaves out its rule, which stands with its step: a plan may have dozens of repeats."""
        rule = None if self.repeat else self.escalation
        return {
            "name": self.name,
            "threshold": self.threshold,
            "planned_at": render_optional(self.planned_at),
            **({} if rule is None else {"escalation": dict(rule)}),
            **({} if self.held_since is None else {"held_since": render(self.held_since)}),
            **({"repeat": self.repeat} if self.repeat else {}),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Milestone:
        at = body["planned_at"]
        planned_at = None if at is None else parse(at)
        if len(body) == _ALWAYS:
            return cls(body["name"], body["threshold"], planned_at)
        held_since = parse_optional(body.get("held_since"))
        return cls(
            body["name"], body["threshold"], planned_at, body.get("escalation"), held_since, body.get("repeat", 0)
        )


_ALWAYS = 3
"""So many things are said of every milestone; most are said no more of."""


def milestones_from_json(documents: Iterable[Mapping[str, Any]]) -> tuple[Milestone, ...]:
    """The milestones of a target, each repeat with the rule of its step."""
    read = tuple([Milestone.from_json(one) for one in documents])
    if not any(one.repeat for one in read):
        return read
    rules = {one.name: one.escalation for one in read}
    return tuple(replace(one, escalation=rules.get(one.step)) if one.repeat else one for one in read)


def without_distant_repeats(milestones: Iterable[Milestone], has_fired: Callable[[Milestone], bool]) -> list[Milestone]:
    """The milestones as people read them: of the repeats of a step those that have fired, and the next one."""
    kept: list[Milestone] = []
    upcoming: set[str] = set()
    for one in milestones:
        if one.repeat and not has_fired(one):
            if one.step in upcoming:
                continue
            upcoming.add(one.step)
        kept.append(one)
    return kept


@dataclass(frozen=True, slots=True)
class LongPause:
    """A pause that holds clocks until `at` and stops counting then, though it goes on: its policy lets no longer one
    count. `event_id` is the event that began it; `by_field` says that a condition on a field holds the clocks."""

    cause: str
    event_id: str
    at: Instant
    by_field: bool = False

    @property
    def milestone(self) -> str:
        """The name of the milestone; it stays the same wherever late events move the pause's end."""
        # One event may bring several conditions to hold, and each of them is a pause.
        of_field = f":{short_digest(self.cause)}" if self.by_field else ""
        return f"{PAUSE_TOO_LONG}:{escaped(self.event_id)}{of_field}"

    def to_json(self) -> dict[str, Any]:
        document = {"cause": self.cause, "event_id": self.event_id, "at": render(self.at)}
        return {**document, "by_field": True} if self.by_field else document

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> LongPause:
        return cls(body["cause"], body["event_id"], parse(body["at"]), body.get("by_field", False))
