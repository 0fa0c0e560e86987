"""A ticket to try as the form has it, and as the document that REST takes. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.errors import InvalidValue
from domain.instants import Instant, from_datetime
from web.http.forms import Draft, rows, text
from web.showing.values import read

SUBJECT = "trial"
NEW_DOCUMENT = '{\n  "ticket_id": "42",\n  "priority": "urgent",\n  "fields": {"subject": "No dial tone"}\n}'


def document_of(draft: Draft) -> dict[str, Any]:
    """Rows without a name say nothing, nor does a dotted name twice."""
    fields: dict[str, Any] = {}
    for row in rows(draft, "fields"):
        if name := text(row, "name"):
            _put(fields, name.split("."), read(text(row, "value")))
    given = {"priority": text(draft, "priority"), "team_id": text(draft, "team_id"), "kind": text(draft, "kind")}
    document: dict[str, Any] = {"ticket_id": text(draft, "ticket_id") or SUBJECT, "fields": fields}
    return document | {name: value for name, value in given.items() if value}


def opened_at(draft: Draft, zone: str) -> Instant | None:
    """What the form says of the opening, a wall time in that zone; None for now. Raises InvalidValue."""
    given = text(draft, "at")
    if not given:
        return None
    try:
        wall = datetime.fromisoformat(given)
    except ValueError:
        raise InvalidValue("at", given, "must be a date and a time, such as 2026-11-30T09:00") from None
    return from_datetime(wall if wall.tzinfo else wall.replace(tzinfo=ZoneInfo(zone)), "at")


def _put(fields: dict[str, Any], path: list[str], value: Any) -> None:
    place = fields
    for part in path[:-1]:
        inner = place.get(part)
        if not isinstance(inner, dict):
            inner = place[part] = {}
        place = inner
    place[path[-1]] = value
