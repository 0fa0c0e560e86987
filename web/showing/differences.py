"""What differs between two documents, field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MISSING = object()
NAMED_BY = ("type", "name", "priority", "trigger", "trigger_percent", "country", "subdivision")
"""What people know a part by that has an id for machines alone."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`before` and `after` are empty where the field was not there."""

    field: str
    before: str
    after: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Parts of a list are the same where their ids are, else where they stand at the same place."""
    found: list[Difference] = []
    _compare("", before, after, found)
    return found


def _compare(path: str, before: Any, after: Any, found: list[Difference]) -> None:
    if before is not MISSING and after is not MISSING and _text(before) == _text(after):
        return
    old, new = _parts(before), _parts(after)
    if old is None or new is None or not (old or new):
        found.append(Difference(path, _text(before), _text(after)))
        return
    for key in dict.fromkeys((*old, *new)):
        was, became = old.get(key, MISSING), new.get(key, MISSING)
        name = _name(key, was if became is MISSING else became)
        _compare(f"{path}{name}" if name.startswith("[") or not path else f"{path}.{name}", was, became, found)


def _parts(value: Any) -> Mapping[Any, Any] | None:
    """None for what is compared as a whole; a part that is not there has no parts of its own."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        return None
    return {("id", one["id"]) if "id" in one else index: one for index, one in enumerate(value)}


def _name(key: Any, part: Any) -> str:
    if isinstance(key, str):
        return key
    known = [str(part[name]) for name in NAMED_BY if isinstance(part, Mapping) and part.get(name) is not None]
    place = str(key + 1) if isinstance(key, int) else str(key[1])
    return f"[{' '.join(known) or place}]"


def _text(value: Any) -> str:
    if value is MISSING:
        return ""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, sort_keys=True)
