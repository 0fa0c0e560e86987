"""Reading untyped documents: each check raises InvalidValue with the path and the value it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Any, TypeVar

from domain.errors import InvalidValue

E = TypeVar("E", bound=StrEnum)

_UNSEEN = (
    *((0x0, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x1680, 0x1680)),
    *((0x17B4, 0x17B5), (0x180B, 0x180F), (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x2800, 0x2800)),
    *((0x3000, 0x3000), (0x3164, 0x3164), (0xD800, 0xDFFF), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0)),
    *((0xFFF0, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
"""Controls, blanks, and what Unicode calls default-ignorable (DerivedCoreProperties.txt); the same in every Python."""
DEEPEST = 50
"""Levels of nesting in a ticket's own fields; far more than tickets have, far less than a JSON encoder can take."""


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
    return require_unicode(value, field)


def require_hidden_text(value: Any, field: str, longest: int) -> str:
    """As `require_text`, of a text that may hold a token: the error shows its length, and nothing of it."""
    try:
        return require_text(value, field, longest)
    except InvalidValue as refusal:
        shown = f"{len(value)} characters" if isinstance(value, str) else type(value).__name__
        raise InvalidValue(field, shown, refusal.reason) from None


def require_unicode(text: str, field: str) -> str:
    """A text that UTF-8 and a database can hold: no NUL, no lone surrogates."""
    if "\0" in text or not _is_encodable(text):
        readable = text.encode("ascii", errors="backslashreplace").decode()
        raise InvalidValue(field, readable, "must be valid Unicode without NUL")
    return text


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def require_name(value: Any, field: str, longest: int = 200) -> str:
    """What people call something: a text in which there is something to see.

    Blanks, characters without a width and marks of direction show nothing, however many there are.
    """
    text = require_text(value, field, longest)
    if not any(_is_seen(character) for character in text):
        readable = text.encode("ascii", errors="backslashreplace").decode()
        raise InvalidValue(field, readable, "must hold a character that can be seen")
    return text


def optional_name(value: Any, field: str, longest: int = 200) -> str | None:
    """The name on one line; None where there is none."""
    return None if value is None or value == "" else " ".join(require_name(value, field, longest).split())


def _is_seen(character: str) -> bool:
    return not any(first <= ord(character) <= last for first, last in _UNSEEN)


def optional_text(value: Any, field: str, longest: int = 1000) -> str:
    return "" if value is None or value == "" else require_text(value, field, longest)


def require_bool(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(field, value, "must be true or false")
    return value


def optional_flag(value: Any, field: str) -> bool:
    """False where nothing is said."""
    return value is not None and require_bool(value, field)


def require_choice(value: Any, choices: type[E], field: str) -> E:
    try:
        return choices(value)
    except ValueError:
        raise InvalidValue(field, value, f"must be one of {', '.join(choices)}") from None


def require_percent(value: Any, field: str, highest: int = 100) -> Decimal:
    """A percentage above 0 and at most `highest`, as exact as JSON carries it so that it reads back the same."""
    number = _require_number(value, field)
    if not 0 < number <= highest:
        raise InvalidValue(field, value, f"must be above 0 and at most {highest}")
    return _exact(value)


def require_share(value: Any, field: str) -> Decimal:
    """A percentage from 0 to 100, both included, as exact as JSON carries it."""
    number = _require_number(value, field)
    if not 0 <= number <= 100:
        raise InvalidValue(field, value, "must lie between 0 and 100")
    return _exact(value)


def _require_number(value: Any, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise InvalidValue(field, value, "must be a number")
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise InvalidValue(field, value, "must be a number") from None


def _exact(value: int | float | str | Decimal) -> Decimal:
    return Decimal(str(value)).normalize()


def require_version(value: Any, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidValue(field, value, "must be a whole number from 1 on")
    return value


def require_integer(value: Any, field: str) -> int:
    """A whole number that 64 bits hold."""
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise InvalidValue(field, value, "must be a whole number of 64 bits at most")
    return value


def require_document(value: Any, field: str) -> dict[str, Any]:
    """An object that JSON can carry, whatever is in it; nested at most `DEEPEST` levels. Raises InvalidValue."""
    left: list[tuple[Any, str, int]] = [(require_mapping(value, field), field, 1)]
    while left:
        part, path, depth = left.pop()
        if isinstance(part, Mapping):
            left.extend((inner, f"{path}.{require_key(key, path)}", depth + 1) for key, inner in part.items())
        elif isinstance(part, list | tuple):
            left.extend((inner, f"{path}[{index}]", depth + 1) for index, inner in enumerate(part))
        elif not _is_json_scalar(part):
            raise InvalidValue(path, part, "must be a text, a finite number, true, false or null")
        if depth > DEEPEST:
            raise InvalidValue(field, f"{depth} levels", f"must be nested at most {DEEPEST} levels deep")
    return dict(value)


def require_key(key: Any, field: str) -> str:
    if not isinstance(key, str):
        raise InvalidValue(field, key, "must have texts as keys")
    return key


def _is_json_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int) or (isinstance(value, float) and isfinite(value))


def plain_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def refuse_unknown(document: Mapping[str, Any], known: frozenset[str], field: str) -> None:
    for key in document:
        if key not in known:
            raise InvalidValue(
                f"{field}.{key}", document[key], f"is not known here (known: {', '.join(sorted(known))})"
            )
