"""Finding what a mapping names: values by their tables, instants, ids."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from domain.errors import InvalidValue
from domain.ids import InstanceId, Kind
from sources.hooks.language import times
from sources.hooks.language.expressions import Expression, Unmappable, as_text, folded
from sources.hooks.language.mapping import TicketPart
from sources.hooks.language.parts import Time, Value
from sources.hooks.language.times import Moment

LONGEST_TEXT = 1000
LARGEST_LIST = 100
LONGEST_PRIORITY = 100
LONGEST_TEAM = 200
LARGEST_FIELDS = 12 * 1024
"""Bytes of JSON; an event carries 16 KB."""
Document = Mapping[str, Any]


def text_of(value: Value | None, document: Document, place: str) -> str | None:
    """The text that a value comes to; None where nothing is there. Raises Unmappable."""
    if value is None:
        return None
    found = None if value.from_ is None else value.from_.of(document, place)
    return meaning_of(found, value, document, place)


def meaning_of(found: Any, value: Value, document: Document, place: str) -> str | None:
    """What something found means by the tables of a value."""
    tables = [table for table in (_set_table(value, document), value.table) if table]
    if found is False and not any("false" in table for table in tables):
        return value.default  # what `condition && value` comes to where the condition does not hold
    texts = [text for one in (found if isinstance(found, list) else [found]) if (text := as_text(one)) is not None]
    if not texts or texts == [""]:
        return value.default
    for table in tables:
        for text in texts:
            if folded(text) in table:
                return table[folded(text)]
    if (value.table is None and value.setting is None) or value.others == "keep":
        return cleaned(texts[0])
    if value.others == "refuse":
        known = ", ".join(dict.fromkeys(key for table in tables for key in table))
        raise Unmappable(place, texts[0], f"must be one of {known}; the mapping or the settings can say what it means")
    return value.default


def _set_table(value: Value, document: Document) -> Mapping[str, str | None] | None:
    if value.setting is None:
        return None
    table: Mapping[str, Any] = document["settings"].get(value.setting) or {}
    return {folded(str(key)): as_text(meaning) for key, meaning in table.items()}


def id_of(expression: Expression | None, document: Document, place: str) -> str | None:
    """An id as a text; None where there is none."""
    found = None if expression is None else expression.of(document, place)
    return None if isinstance(found, bool) else as_text(found) or None


def moment_of(candidates: Iterable[Time] | None, document: Document, place: str) -> Moment | None:
    """The first instant that is there; None where none is. Raises Unmappable for one that cannot be read."""
    for candidate in candidates or ():
        found = candidate.from_.of(document, place)
        if found is None or found is False or found == "" or folded(str(found)) in map(folded, candidate.unset):
            continue
        try:
            return times.read(found, candidate.format, ZoneInfo(candidate.zone), place)
        except InvalidValue as error:
            raise Unmappable(place, found, error.reason) from None
    return None


def subject_of(part: TicketPart, document: Document, prefix: str) -> str | None:
    """The ticket's id behind a prefix; None where the body names none. Raises Unmappable for what cannot be an id."""
    found = part.id.of(document, "ticket.id")
    text = (as_text(found) or "").strip()
    if not text:
        if found is None or found == "":
            return None
        raise Unmappable("ticket.id", found, "must be a text or a number")
    text = prefix + text
    try:
        InstanceId(Kind.SLA, part.kind, text)
    except InvalidValue as error:
        raise Unmappable("ticket.id", text, error.reason) from None
    if cleaned(text) != text:
        raise Unmappable("ticket.id", cleaned(text), "must be valid Unicode without NUL")
    return text


def short_text_of(value: Value | None, document: Document, place: str, longest: int) -> str | None:
    """As `text_of`, for what must not be cut. Raises Unmappable for a text that is too long."""
    text = text_of(value, document, place)
    if text is not None and len(text) > longest:
        raise Unmappable(place, text, f"must be at most {longest} characters long")
    return text


def fields_of(named: Mapping[str, Expression], document: Document) -> dict[str, Any]:
    """The ticket's own fields, together not larger than an event may carry."""
    fields = {name: _kept(expression.of(document, f"ticket.fields.{name}")) for name, expression in named.items()}
    longest = LONGEST_TEXT
    while len(json.dumps(fields)) > LARGEST_FIELDS and longest:
        longest //= 2
        fields = {name: _cut(value, longest) for name, value in fields.items()}
    return fields


def _cut(value: Any, longest: int) -> Any:
    if isinstance(value, list):
        return [_cut(one, longest) for one in value[: longest // 10]]
    return value[:longest] if isinstance(value, str) else value


def _kept(value: Any) -> Any:
    """Scalars and lists of scalars, cut to what a condition or a person can use; of what is deeper nothing."""
    if isinstance(value, list | tuple):
        return [one for one in map(_scalar, value[:LARGEST_LIST]) if one is not None]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    return None


def cleaned(text: str) -> str:
    """A text that databases hold: no NUL, no half characters, and not longer than a person reads."""
    whole = text.replace("\0", "").encode("utf-8", errors="replace").decode("utf-8")
    return whole if len(whole) <= LONGEST_TEXT else whole[:LONGEST_TEXT]
