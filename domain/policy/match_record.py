"""Why a ticket got its policy: which conditions held, and what kept each policy above it from being chosen.

It is frozen with the ticket, so it is bounded: values are cut, and lists say how many they leave out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from domain.fields import require_list, require_mapping
from domain.policy.matching import is_asked
from domain.policy.policies import Policy
from domain.ticket.conditions.conditions import MISSING, Condition, Match, look_up
from domain.ticket.tickets import Ticket

MOST_POLICIES = 50
MOST_CONDITIONS = 5
LONGEST_VALUE = 200
DISABLED = "disabled"
CONDITIONS = "conditions"


@dataclass(frozen=True, slots=True)
class CheckedCondition:
    """A condition and the ticket's value (`MISSING`: it has no such field), both cut to what is kept."""

    field: str
    operator: str
    wanted: Any
    actual: Any
    holds: bool

    @classmethod
    def of(cls, condition: Condition, attributes: Mapping[str, Any]) -> CheckedCondition:
        document, actual = condition.to_json(), look_up(attributes, condition.field)
        return cls(
            condition.field,
            condition.operator,
            _short(document.get("value", MISSING)),
            _short(actual),
            condition.holds(attributes),
        )

    def to_json(self) -> dict[str, Any]:
        given = {"value": self.wanted, "actual": self.actual}
        return {
            "field": self.field,
            "operator": self.operator,
            **{name: value for name, value in given.items() if value is not MISSING},
            "holds": self.holds,
        }

    @classmethod
    def from_json(cls, document: Any, field: str) -> CheckedCondition:
        body = require_mapping(document, field)
        return cls(
            body["field"], body["operator"], body.get("value", MISSING), body.get("actual", MISSING), body["holds"]
        )


@dataclass(frozen=True, slots=True)
class PassedPolicy:
    """A policy that stands above the chosen one: it was disabled, or these of its conditions `failed`."""

    id: str
    name: str
    version: int
    reason: str
    match: Match = Match.ALL
    failed: tuple[CheckedCondition, ...] = ()
    failed_in_all: int = 0

    @classmethod
    def of(cls, policy: Policy, attributes: Mapping[str, Any]) -> PassedPolicy:
        if not policy.enabled:
            return cls(policy.id, policy.name, policy.version, DISABLED)
        failed = [condition for condition in policy.conditions if not condition.holds(attributes)]
        kept = tuple(CheckedCondition.of(condition, attributes) for condition in failed[:MOST_CONDITIONS])
        return cls(policy.id, policy.name, policy.version, CONDITIONS, policy.match, kept, len(failed))

    def to_json(self) -> dict[str, Any]:
        named = {"policy_id": self.id, "name": self.name, "version": self.version, "reason": self.reason}
        if self.reason == DISABLED:
            return named
        return {
            **named,
            "match": self.match.value,
            "failed": [one.to_json() for one in self.failed],
            "failed_in_all": self.failed_in_all,
        }

    @classmethod
    def from_json(cls, document: Any, field: str) -> PassedPolicy:
        body = require_mapping(document, field)
        return cls(
            body["policy_id"],
            body["name"],
            body["version"],
            body["reason"],
            Match(body.get("match", Match.ALL)),
            _each_checked(body.get("failed", []), f"{field}.failed"),
            body.get("failed_in_all", 0),
        )


@dataclass(frozen=True, slots=True)
class MatchRecord:
    """The conditions of the policy that was chosen, and the policies `above` it, top to bottom.

    Of each list the first are kept; `*_in_all` says how many there were. A policy without conditions takes every
    ticket.
    """

    match: Match
    conditions: tuple[CheckedCondition, ...]
    conditions_in_all: int
    above: tuple[PassedPolicy, ...] = ()
    above_in_all: int = 0

    @classmethod
    def of(cls, policies: Iterable[Policy], chosen: Policy, ticket: Ticket) -> MatchRecord:
        """`policies` in evaluation order, `chosen` the first of them that matches the ticket."""
        attributes = ticket.attributes
        asked = (policy for policy in policies if is_asked(policy, ticket))
        above = list(takewhile(lambda policy: policy.id != chosen.id, asked))
        return cls(
            chosen.match,
            tuple(CheckedCondition.of(condition, attributes) for condition in chosen.conditions[:MOST_CONDITIONS]),
            len(chosen.conditions),
            tuple(PassedPolicy.of(policy, attributes) for policy in above[:MOST_POLICIES]),
            len(above),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "match": self.match.value,
            "conditions": [one.to_json() for one in self.conditions],
            "conditions_in_all": self.conditions_in_all,
            "above": [one.to_json() for one in self.above],
            "above_in_all": self.above_in_all,
        }

    @classmethod
    def from_json(cls, document: Any, field: str = "matching") -> MatchRecord:
        body = require_mapping(document, field)
        above: Sequence[Any] = require_list(body["above"], f"{field}.above")
        return cls(
            Match(body["match"]),
            _each_checked(body["conditions"], f"{field}.conditions"),
            body["conditions_in_all"],
            tuple(PassedPolicy.from_json(one, f"{field}.above[{index}]") for index, one in enumerate(above)),
            body["above_in_all"],
        )


def _each_checked(documents: Any, field: str) -> tuple[CheckedCondition, ...]:
    return tuple(
        CheckedCondition.from_json(one, f"{field}[{index}]") for index, one in enumerate(require_list(documents, field))
    )


def _short(value: Any) -> Any:
    """The value itself where it is short, else the beginning of how it is written."""
    if value is MISSING or value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, str):
        return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…"
    written = json.dumps(value, ensure_ascii=False)
    return value if len(written) <= LONGEST_VALUE else f"{written[: LONGEST_VALUE - 1]}…"
