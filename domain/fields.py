"""Reading untyped documents: each check raises InvalidValue with the path and the value it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from domain.errors import InvalidValue

E = TypeVar("E", bound=StrEnum)


def require_mapping(value: Any, field: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidValue(field, value, "must be an object")
    return value


def require_list(value: Any, field: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise InvalidValue(field, value, "must be a list")
    return value


def require_text(value: Any, field: str, longest: int = 1000) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidValue(field, value, "must be a text that is not empty")
    if len(value) > longest:
        raise InvalidValue(field, value[:40] + "...", f"must be at most {longest} characters long")
    return value


def optional_text(value: Any, field: str, longest: int = 1000) -> str:
    return "" if value is None or value == "" else require_text(value, field, longest)


def require_bool(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(field, value, "must be true or false")
    return value


def require_choice(value: Any, choices: type[E], field: str) -> E:
    try:
        return choices(value)
    except ValueError:
        raise InvalidValue(field, value, f"must be one of {', '.join(choices)}") from None


def require_percent(value: Any, field: str, highest: int = 100) -> Decimal:
    """A percentage above 0 and at most `highest`, exact."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise InvalidValue(field, value, "must be a number")
    try:
        percent = Decimal(str(value))
    except InvalidOperation:
        raise InvalidValue(field, value, "must be a number") from None
    if not percent.is_finite() or not 0 < percent <= highest:
        raise InvalidValue(field, value, f"must be above 0 and at most {highest}")
    return percent.normalize()


def plain_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def refuse_unknown(document: Mapping[str, Any], known: frozenset[str], field: str) -> None:
    for key in document:
        if key not in known:
            raise InvalidValue(
                f"{field}.{key}", document[key], f"is not known here (known: {', '.join(sorted(known))})"
            )
