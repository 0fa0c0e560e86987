"""What a plan says of a target beside its instants: whose promise, in whose hours, from which field, why excused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.instants import Instant, parse, parse_optional, render, render_optional
from domain.ticket.excuses import Covers


@dataclass(frozen=True, slots=True)
class Handover:
    """From `at` on a clock is measured in the hours of that team (None: nobody's, the default ones)."""

    at: Instant
    team_id: str | None

    def to_json(self) -> dict[str, Any]:
        return {"at": render(self.at), "team_id": self.team_id}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Handover:
        return cls(parse(body["at"]), body["team_id"])


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """A policy and the priority for which it promises something."""

    id: str
    name: str
    version: int
    priority: str | None

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "version": self.version, "priority": self.priority}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> PolicyFacts:
        return cls(body["id"], body["name"], body["version"], body["priority"])


@dataclass(frozen=True, slots=True)
class DueFromField:
    """The due instant as a field of the ticket says it, from `at` on; `problem` says why there is none.

    `event_id` is the event that put it in force (None: the opening), `moved_from` the due instant before it, if that
    came from the field as well.
    """

    field: str
    value: str | None
    due_at: Instant | None
    problem: str | None
    at: Instant
    event_id: str | None = None
    moved_from: Instant | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "value": self.value,
            "due_at": render_optional(self.due_at),
            "problem": self.problem,
            "at": render(self.at),
            "event_id": self.event_id,
            "moved_from": render_optional(self.moved_from),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> DueFromField:
        due_at, moved_from = parse_optional(body["due_at"]), parse_optional(body["moved_from"])
        return cls(
            body["field"], body["value"], due_at, body["problem"], parse(body["at"]), body["event_id"], moved_from
        )


@dataclass(frozen=True, slots=True)
class Excuse:
    """That a target's breach, or its whole result, does not count: by which event, who said so and why."""

    event_id: str
    at: Instant
    covers: Covers
    reason: str
    actor: str

    def says_the_same_as(self, other: Excuse) -> bool:
        return (self.covers, self.reason, self.actor) == (other.covers, other.reason, other.actor)

    def to_json(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "at": render(self.at),
            "covers": self.covers.value,
            "reason": self.reason,
            "actor": self.actor,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Excuse:
        covers = Covers(body["covers"])
        return cls(body["event_id"], parse(body["at"]), covers, body["reason"], body["actor"])
