"""The fields of tickets that a list was asked to show: `?fields=plan,customer.country`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.errors import InvalidValue
from domain.ticket.conditions.conditions import MISSING, look_up


def chosen_paths(given: Iterable[str] | None) -> Sequence[str]:
    """Raises InvalidValue for an empty name."""
    listed = list(given or ())
    paths = [path.strip() for text in listed for path in text.split(",")]
    if not all(paths):
        raise InvalidValue("fields", ",".join(listed), "must be names of fields with commas between them")
    return list(dict.fromkeys(paths))


def chosen_fields(fields: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The fields by their paths; null where the ticket has no such field."""
    found = {path: look_up(fields, path) for path in paths}
    return {path: None if value is MISSING else value for path, value in found.items()}
