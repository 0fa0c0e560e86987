"""Ids of policies and their parts. A client may send its own, so that the ids of another system are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain.errors import InvalidValue
from domain.ids import Kind
from store.database.ids import mint

CHARACTERS = "[A-Za-z0-9_-]{1,100}"
TARGET, ESCALATION = "target", "esc"


def pattern(*prefixes: str) -> str:
    return f"^({'|'.join(prefixes)})_{CHARACTERS}$"


def chosen_or_new(given: str | None, prefix: str, field: str = "id") -> str:
    """The given id, or a new one. Raises InvalidValue for an id of another shape."""
    if given is None:
        return mint(prefix)
    if not re.fullmatch(f"{prefix}_{CHARACTERS}", given):
        reason = f"must be {prefix}_ and 1 to 100 letters, digits, dashes or underscores"
        raise InvalidValue(field, given, reason)
    return given


def with_ids(document: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    """The document of a new policy with an id for it and for each of its parts."""
    parts = {"targets": TARGET, "escalations": ESCALATION}
    listed = {name: _named(document.get(name) or (), name, prefix) for name, prefix in parts.items()}
    return {**document, **listed, "id": chosen_or_new(document.get("id"), kind.value)}


def chosen_in(document: Mapping[str, Any]) -> frozenset[str]:
    """The ids that the client gave to parts of a policy."""
    return frozenset(part["id"] for name in ("targets", "escalations") for part in _chosen(document.get(name)))


def _chosen(parts: Sequence[Mapping[str, Any]] | None) -> Iterator[Mapping[str, Any]]:
    return (part for part in parts or () if part.get("id") is not None)


def _named(parts: Sequence[Mapping[str, Any]], name: str, prefix: str) -> list[dict[str, Any]]:
    named: dict[str, dict[str, Any]] = {}
    for index, part in enumerate(parts):
        field = f"{name}[{index}].id"
        part_id = chosen_or_new(part.get("id"), prefix, field)
        if part_id in named:
            raise InvalidValue(field, part_id, "is named twice")
        named[part_id] = {**part, "id": part_id}
    return list(named.values())
