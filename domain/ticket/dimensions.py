"""Dimensions: the fields of tickets that an organization has declared, so that lists and reports go by them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import InvalidValue
from domain.fields import require_text
from domain.ticket.conditions.conditions import look_up

MOST_DIMENSIONS = 10
LONGEST_NAME = 100
LONGEST_VALUE = 200
MOST_VALUES = 20
KNOWN = frozenset({"assignee", "priority", "team_id", "policy_id", "type"})
"""What lists and reports go by anyway."""


def require_dimensions(given: Sequence[Any], field: str = "dimensions") -> tuple[str, ...]:
    """The names of fields, or dotted paths to them, in the order given.

    Raises InvalidValue for more than 10, for a name twice, with a colon, or of something that reports go by anyway.
    """
    if len(given) > MOST_DIMENSIONS:
        raise InvalidValue(field, len(given), f"must be at most {MOST_DIMENSIONS}")
    names = tuple(_require_name(name, f"{field}[{place}]") for place, name in enumerate(given))
    for place, name in enumerate(names):
        if name in names[:place]:
            raise InvalidValue(f"{field}[{place}]", name, "must not be given twice")
    return names


def key_of_value(text: str) -> str:
    """What two texts have in common that count as one value: their first 200 characters, without regard to case."""
    return text[:LONGEST_VALUE].casefold()


def values_of(attributes: Mapping[str, Any], name: str) -> Mapping[str, str]:
    """The values of a field by their keys, each as the ticket has it; none for a field that it does not have.

    A list has one for each of its texts and numbers, the first 20 of them. Texts that are empty, and documents, are no
    values.
    """
    value = look_up(attributes, name)
    found: dict[str, str] = {}
    for one in value if isinstance(value, list) else [value]:
        if len(found) < MOST_VALUES and (text := _text(one)):
            found.setdefault(key_of_value(text), text[:LONGEST_VALUE])
    return found


def asked_values(given: Sequence[str], known: Sequence[str], field: str) -> Mapping[str, list[str]]:
    """The values asked for, by dimension: `customer:Acme` asks for the customer Acme.

    Raises InvalidValue for a text without a colon, and for a dimension that is not declared.
    """
    asked: dict[str, list[str]] = {}
    for text in given:
        name, colon, value = text.partition(":")
        if not colon or not value:
            raise InvalidValue(field, text, "must be a dimension and a value with a colon between them")
        asked.setdefault(require_declared(name, known, field), []).append(value)
    return asked


def require_declared(name: str, known: Sequence[str], field: str) -> str:
    if name not in known:
        said = f"the organization's are {', '.join(known)}" if known else "the organization has declared none"
        raise InvalidValue(field, name, f"must be a dimension ({said})")
    return name


def _require_name(name: Any, field: str) -> str:
    text = require_text(name, field, LONGEST_NAME)
    if ":" in text or text != text.strip():
        raise InvalidValue(
            field, text, "must be the name of a field, or a dotted path, without colons and outer spaces"
        )
    if text in KNOWN:
        raise InvalidValue(field, text, "must not be declared: lists and reports go by it anyway")
    return text


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    return json.dumps(value) if isinstance(value, bool | int | float) else ""
