"""Conditions on ticket fields: a table of operators, each with the kind of value it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Any

from domain.errors import InvalidValue
from domain.fields import refuse_unknown, require_bool, require_choice, require_mapping, require_text
from domain.ticket.conditions.spelling import folded

MISSING = object()
"""The value of a field that a ticket does not have."""

WHOLE_VALUES = ("eq", "neq", "in", "not_in")
"""What compares one of a few values with another: such values are the same however their letters are written."""


class Match(StrEnum):
    ALL = "all"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Operator:
    """One way to compare. `holds(actual, wanted)` sees only fields that are set; `absent` answers for the others."""

    holds: Callable[[Any, Any], bool]
    accepts: Callable[[Any], bool]
    wants: str
    absent: bool = False


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | bool) or _is_wanted_number(value)


def _is_wanted_number(value: Any) -> bool:
    return _is_number(value) and (isinstance(value, int) or isfinite(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_orderable(value: Any) -> bool:
    return isinstance(value, str) or _is_wanted_number(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) > 0 and all(map(_is_scalar, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _equal(actual: Any, wanted: Any) -> bool:
    return (type(actual) is type(wanted) and actual == wanted) or (
        _is_number(actual) and _is_number(wanted) and actual == wanted
    )


def _among(actual: Any, wanted: Any) -> bool:
    return any(_equal(actual, one) for one in wanted)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(actual: Any, wanted: Any) -> bool:
        comparable = (_is_number(actual) and _is_number(wanted)) or (
            isinstance(actual, str) and isinstance(wanted, str)
        )
        return comparable and compare(actual, wanted)

    return holds


def _contains(actual: Any, wanted: Any) -> bool:
    if isinstance(actual, list | tuple):
        return _among(wanted, actual)
    return isinstance(actual, str) and isinstance(wanted, str) and wanted in actual


OPERATORS: Mapping[str, Operator] = {
    "eq": Operator(_equal, _is_scalar, "a text, a number, true, false or null"),
    "neq": Operator(lambda a, w: not _equal(a, w), _is_scalar, "a text, a number, true, false or null", absent=True),
    "in": Operator(_among, _is_list, "a list with at least one text or number"),
    "not_in": Operator(lambda a, w: not _among(a, w), _is_list, "a list with at least one text or number", absent=True),
    "gt": Operator(_ordered(lambda a, w: a > w), _is_orderable, "a number or a text"),
    "gte": Operator(_ordered(lambda a, w: a >= w), _is_orderable, "a number or a text"),
    "lt": Operator(_ordered(lambda a, w: a < w), _is_orderable, "a number or a text"),
    "lte": Operator(_ordered(lambda a, w: a <= w), _is_orderable, "a number or a text"),
    "contains": Operator(_contains, _is_scalar, "a text or a number"),
    "not_contains": Operator(lambda a, w: not _contains(a, w), _is_scalar, "a text or a number", absent=True),
    "starts_with": Operator(lambda a, w: isinstance(a, str) and a.startswith(w), _is_text, "a text"),
    "ends_with": Operator(lambda a, w: isinstance(a, str) and a.endswith(w), _is_text, "a text"),
    "is_set": Operator(lambda a, w: True, lambda value: value is None or value is True, "no value"),
    "is_not_set": Operator(lambda a, w: False, lambda value: value is None or value is True, "no value", absent=True),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison with a ticket's field, such as `priority eq urgent`.

    `field` is the name of a field or a dotted path into nested ones (`customer.tier`). `case_sensitive` says whether
    `Urgent` and `urgent` differ; None: not for a priority, nor for whole values (`WHOLE_VALUES`) other than ids. Raises
    InvalidValue for an operator that does not exist and for a value that it does not take.
    """

    field: str
    operator: str
    value: Any = None
    case_sensitive: bool | None = None

    def __post_init__(self) -> None:
        if self.operator not in tuple(OPERATORS):  # a list is no key, but can be compared
            raise InvalidValue("operator", self.operator, f"must be one of {', '.join(OPERATORS)}")
        if not OPERATORS[self.operator].accepts(self.value):
            wants = OPERATORS[self.operator].wants
            raise InvalidValue("value", self.value, f"operator {self.operator} takes {wants}")
        if self.case_sensitive is not None and self.operator in ("is_set", "is_not_set"):
            raise InvalidValue("case_sensitive", self.case_sensitive, f"operator {self.operator} compares no texts")

    def holds(self, attributes: Mapping[str, Any]) -> bool:
        actual = look_up(attributes, self.field)
        rule = OPERATORS[self.operator]
        if actual is MISSING or (actual is None and self.operator not in ("eq", "neq", "in", "not_in")):
            return rule.absent
        return rule.holds(folded(actual), folded(self.value)) if self._ignores_case else rule.holds(actual, self.value)

    @property
    def _ignores_case(self) -> bool:
        if self.case_sensitive is not None:
            return not self.case_sensitive
        names_an_id = self.field.rpartition(".")[2] == "id" or self.field.endswith("_id")
        return self.field == "priority" or (self.operator in WHOLE_VALUES and not names_an_id)

    def __str__(self) -> str:
        spelled = [str(one) for one in self.value] if isinstance(self.value, tuple) else [str(self.value)]
        wanted = [] if self.operator in ("is_set", "is_not_set") else [", ".join(spelled)]
        return " ".join([self.field, self.operator, *wanted])

    def to_json(self) -> dict[str, Any]:
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        document = {"field": self.field, "operator": self.operator}
        if self.operator in ("is_set", "is_not_set"):
            return document
        case = {} if self.case_sensitive is None else {"case_sensitive": self.case_sensitive}
        return {**document, "value": value, **case}

    @classmethod
    def from_json(cls, document: Any, field: str = "condition") -> Condition:
        body = require_mapping(document, field)
        refuse_unknown(body, frozenset({"field", "operator", "value", "case_sensitive"}), field)
        name = require_text(body.get("field"), f"{field}.field", longest=200)
        value, case = body.get("value"), body.get("case_sensitive")
        case_sensitive = None if case is None else require_bool(case, f"{field}.case_sensitive")
        try:
            wanted = tuple(value) if isinstance(value, list) else value
            return cls(name, body.get("operator", ""), wanted, case_sensitive)
        except InvalidValue as error:
            raise error.under(field) from None


def look_up(attributes: Mapping[str, Any], path: str) -> Any:
    """The value at a key or a dotted path, else `MISSING`. A key that contains dots itself wins over the path."""
    if path in attributes:
        return attributes[path]
    value: Any = attributes
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return MISSING
        value = value[part]
    return value


def all_hold(conditions: tuple[Condition, ...], match: Match, attributes: Mapping[str, Any]) -> bool:
    """Whether a ticket satisfies the conditions. Every ticket satisfies an empty list."""
    if not conditions:
        return True
    holds = (condition.holds(attributes) for condition in conditions)
    return all(holds) if match is Match.ALL else any(holds)


def parse_match(value: Any, field: str) -> Match:
    return Match.ALL if value is None else require_choice(value, Match, field)
