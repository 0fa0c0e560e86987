"""Conditions as people say them: `priority is urgent or high`, in the same words wherever they are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from domain.ticket.conditions.conditions import Condition, Match

OPERATORS: Mapping[str, str] = {
    "eq": "is",
    "neq": "is not",
    "in": "is one of",
    "not_in": "is none of",
    "gt": "is above",
    "gte": "is at least",
    "lt": "is below",
    "lte": "is at most",
    "contains": "contains",
    "not_contains": "does not contain",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "is_set": "is set",
    "is_not_set": "is not set",
}


def conditions(listed: Iterable[Condition], match: Match) -> str:
    return (" and " if match is Match.ALL else " or ").join(condition(one) for one in listed)


def condition(one: Condition) -> str:
    return comparison(one.field, one.operator, one.value)


def comparison(name: str, operator: str, value: Any) -> str:
    """`priority is urgent or high`."""
    if operator in ("is_set", "is_not_set"):
        return f"{name} {OPERATORS[operator]}"
    if operator in ("in", "not_in") and isinstance(value, list | tuple):
        verb, between = ("is", " or ") if operator == "in" else ("is neither", " nor ")
        return f"{name} {verb if len(value) > 1 or operator == 'in' else 'is not'} {between.join(map(said, value))}"
    return f"{name} {OPERATORS.get(operator, operator)} {said(value)}"


def said(value: Any) -> str:
    """A value of a field; several with commas between them."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(map(said, value)) or "empty"
    return str(value)
