"""Conditions on the fields of a ticket, of which all must hold or any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import InvalidValue
from domain.fields import refuse_unknown, require_list, require_mapping
from domain.ticket.conditions.conditions import Condition, Match, all_hold, parse_match


@dataclass(frozen=True, slots=True)
class Criteria:
    """At least one condition. Raises InvalidValue for an empty list."""

    conditions: tuple[Condition, ...]
    match: Match = Match.ALL

    def __post_init__(self) -> None:
        if not self.conditions:
            raise InvalidValue("conditions", [], "must hold at least one condition")

    def hold(self, attributes: Mapping[str, Any]) -> bool:
        return all_hold(self.conditions, self.match, attributes)

    def __str__(self) -> str:
        word = " and " if self.match is Match.ALL else " or "
        return word.join(map(str, self.conditions))

    def to_json(self) -> Any:
        """The list of conditions, or an object where any of them is enough."""
        listed = [condition.to_json() for condition in self.conditions]
        return listed if self.match is Match.ALL else {"match": self.match.value, "conditions": listed}

    def to_object(self) -> dict[str, Any]:
        """The one condition by itself, or an object with all of them: what can stand in a list of alternatives."""
        if len(self.conditions) == 1:
            return self.conditions[0].to_json()
        return {"match": self.match.value, "conditions": [condition.to_json() for condition in self.conditions]}

    @classmethod
    def of_one(cls, document: Any, field: str) -> Criteria:
        """The criteria of a single condition's document."""
        return cls((Condition.from_json(document, field),))

    @classmethod
    def from_json(cls, document: Any, field: str) -> Criteria:
        """Raises InvalidValue with the path of the culprit (`pauses_when[0].operator`)."""
        match, listed, at = Match.ALL, document, field
        if isinstance(document, Mapping):
            body = require_mapping(document, field)
            refuse_unknown(body, frozenset({"match", "conditions"}), field)
            match, listed = parse_match(body.get("match"), f"{field}.match"), body.get("conditions")
            at = f"{field}.conditions"
        conditions = require_list(listed, at)
        if not conditions:
            raise InvalidValue(at, listed, "must hold at least one condition")
        return cls(tuple(Condition.from_json(one, f"{at}[{index}]") for index, one in enumerate(conditions)), match)


def optional_criteria(document: Any, field: str) -> Criteria | None:
    return None if document is None else Criteria.from_json(document, field)
