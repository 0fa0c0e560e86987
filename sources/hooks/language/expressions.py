"""Where something lies in a delivery: JMESPath, with a few functions that bodies of ticket systems need.

JMESPath is a specified language (jmespath.org) without loops, regular expressions or access to anything but the
document. An expression of an administrator can therefore neither reach out nor run for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jmespath
from jmespath import exceptions, functions

from domain.digests import digest
from domain.errors import InvalidValue

LONGEST = 2000
_ANY: Any = {"types": []}
_TEXT: Any = {"types": ["string", "null"]}
_WORD: Any = {"types": ["string"]}
_LIST: Any = {"types": ["array", "null"]}
# What jmespath lets through from Python where a document is of another shape than the expression expects.
_FAILURES = (
    exceptions.JMESPathError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class Unmappable(InvalidValue):
    """A body that a mapping does not fit; `field` is the place in the mapping, `value` what was found there."""


class Expression:
    """A compiled expression. Two of the same text are equal."""

    def __init__(self, text: str, compiled: Any) -> None:
        self.text = text
        self._compiled = compiled

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def of(self, document: Mapping[str, Any], place: str) -> Any:
        """What lies there; None where nothing does. Raises Unmappable where a function gets what it cannot take."""
        try:
            return self._compiled.search(document, _OPTIONS)
        except _FAILURES as error:
            raise Unmappable(place, self.text, f"cannot be read in this body ({_short(error)})") from None

    def holds(self, document: Mapping[str, Any], place: str) -> bool:
        """JMESPath's truth, and a text that says false is none: placeholders of templates render as texts."""
        found = self.of(document, place)
        if isinstance(found, str):
            return found.strip().lower() not in {"", "false", "0", "no", "null", "none"}
        return found is not None and found is not False and found not in ([], {})


def compiled(text: str) -> Expression:
    """Raises ValueError that says what is wrong, and where in the text."""
    if len(text) > LONGEST:
        raise ValueError(f"must be at most {LONGEST} characters long")
    try:
        found = jmespath.compile(text)
        if _negates_too_little(found.parsed):
            raise ValueError("must have what ! negates in parentheses: !(a.b), for !a.b is (!a).b")
        return Expression(text, found)
    except RecursionError:
        raise ValueError("must be a JMESPath expression (it is nested too deeply)") from None
    except exceptions.JMESPathError as error:
        raise ValueError(f"must be a JMESPath expression ({_short(error)})") from None


def _negates_too_little(node: Mapping[str, Any]) -> bool:
    children = [child for child in node.get("children", ()) if isinstance(child, Mapping)]
    if node.get("type") == "subexpression" and children and children[0].get("type") == "not_expression":
        return True
    return any(_negates_too_little(child) for child in children)


class _Functions(functions.Functions):  # type: ignore[misc, unused-ignore]
    """What JMESPath has not, and bodies need. Each takes null for what is not there."""

    @functions.signature(_ANY)
    def _func_text(self, value: Any) -> str | None:
        """A scalar as a text: 12 is "12". null for null, lists and objects."""
        return as_text(value)

    @functions.signature(_TEXT)
    def _func_lower(self, value: str | None) -> str | None:
        return None if value is None else value.lower()

    @functions.signature(_TEXT, _WORD, _WORD)
    def _func_between(self, value: str | None, start: str, end: str) -> str | None:
        """What stands between the first `start` and the next `end` after it; where one is empty, from or to the end."""
        if value is None or start not in value:
            return None
        rest = value.split(start, 1)[1] if start else value
        if not end:
            return rest
        return rest.split(end, 1)[0] if end in rest else None

    @functions.signature(_TEXT, _WORD)
    def _func_split(self, value: str | None, separator: str) -> list[str]:
        return [part for part in (value or "").split(separator or " ") if part]

    @functions.signature(_LIST, _WORD)
    def _func_key(self, parts: Sequence[Any] | None, separator: str) -> str | None:
        """The scalars of a list with a separator between them; what is not there is left out. null where none is."""
        texts = [text for text in map(as_text, parts or ()) if text]
        return separator.join(texts) or None

    @functions.signature(_LIST, _ANY)
    def _func_has(self, listed: Sequence[Any] | None, value: Any) -> bool:
        """Whether a list holds a scalar, however its letters are written and whether a number is one or a text."""
        wanted = as_text(value)
        texts = (as_text(one) for one in listed or ())
        return wanted is not None and any(text is not None and folded(text) == folded(wanted) for text in texts)

    @functions.signature(_LIST, _LIST)
    def _func_common(self, left: Sequence[Any] | None, right: Sequence[Any] | None) -> list[Any]:
        """What is in the first list and in the second, too."""
        known = {folded(text) for text in map(as_text, right or ()) if text is not None}
        return [one for one in left or () if (text := as_text(one)) is not None and folded(text) in known]

    @functions.signature(_LIST, _LIST)
    def _func_without(self, left: Sequence[Any] | None, right: Sequence[Any] | None) -> list[Any]:
        """What is in the first list and not in the second."""
        known = {folded(text) for text in map(as_text, right or ()) if text is not None}
        return [one for one in left or () if (text := as_text(one)) is None or folded(text) not in known]

    @functions.signature(_LIST, _WORD, _ANY)
    def _func_pick(self, listed: Sequence[Any] | None, path: str, value: Any) -> Any:
        """The first of a list in which that path leads to the value, however its letters are written; null: none."""
        wanted = as_text(value)
        found = ((one, as_text(_at(one, path))) for one in listed or ())
        return next((one for one, text in found if text and wanted and folded(text) == folded(wanted)), None)

    @functions.signature(_LIST, _WORD, _TEXT)
    def _func_bearing(self, listed: Sequence[Any] | None, path: str, value: str | None) -> list[Any]:
        """Those of a list in which that path leads to a text that has the value in it."""
        return [one for one in listed or () if value and value in (as_text(_at(one, path)) or "")]

    @functions.signature(_ANY)
    def _func_hash(self, value: Any) -> str:
        """A digest of any part of the body, for ids."""
        return digest(value)[:32]


def _at(document: Any, path: str) -> Any:
    """What lies under names with dots between them."""
    for name in path.split("."):
        document = document.get(name) if isinstance(document, Mapping) else None
    return document


_OPTIONS = jmespath.Options(custom_functions=_Functions())


def as_text(value: Any) -> str | None:
    """A scalar as a text; None for null, lists and objects."""
    if value is None or isinstance(value, list | tuple | Mapping):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def folded(text: str) -> str:
    """How texts are compared: without spaces around them, however their letters are written."""
    return text.strip().casefold()


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]}..."
