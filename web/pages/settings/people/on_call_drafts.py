"""An on-call as the form has it, and back. Pure."""

from __future__ import annotations

from typing import Any

from domain.errors import InvalidValue
from domain.people.on_call import OnCall
from web.http.forms import Draft, rows, text

ROTATION, FEED = "rotation", "feed"
BLANKS = 4
"""Empty rows at the end of members and overrides."""


def empty_draft(zone: str, today: str) -> Draft:
    return {"by": ROTATION, "timezone": zone, "handover": "09:00", "length": "7", "unit": "days", "start": today}


def draft_of(on_call: OnCall) -> Draft:
    document = on_call.to_json()
    rotation = document["rotation"]
    draft: Draft = {
        "name": document["name"],
        "timezone": document["timezone"],
        "handover": document["handover"],
        "by": FEED if rotation is None else ROTATION,
        "overrides": [dict(one) for one in document["overrides"]],
    }
    if rotation is not None:
        ((unit, length),) = rotation["shift"].items()
        members = [{"contact": one} for one in rotation["members"]]
        draft |= {"members": members, "length": str(length), "unit": unit, "start": rotation["start"]}
    return draft


def document_of(draft: Draft, *, is_new: bool) -> dict[str, Any]:
    """What the form says, for the API's schema. A feed of which nothing is typed stays as it is.

    Raises InvalidValue.
    """
    document: dict[str, Any] = {
        "name": text(draft, "name"),
        "timezone": text(draft, "timezone"),
        "handover": text(draft, "handover") or "00:00",
        "overrides": [_override(row) for row in without_blanks(draft)["overrides"]],
    }
    if text(draft, "by") != FEED:
        return {**document, "rotation": _rotation(draft)}
    feed = {name: value for name in ("url", "ical") if (value := text(draft, name))}
    return {**document, "feed": feed} if feed or is_new else document


def without_blanks(draft: Draft) -> Draft:
    """The draft without rows in which nothing was typed."""
    return {
        **draft,
        "members": [row for row in rows(draft, "members") if text(row, "contact")],
        "overrides": [row for row in rows(draft, "overrides") if any(text(row, name) for name in row)],
    }


def _rotation(draft: Draft) -> dict[str, Any]:
    length = text(draft, "length")
    if not length.isdecimal() or not length.isascii() or len(length) > 5:
        raise InvalidValue("length", length, "must be a whole number")
    unit = "hours" if text(draft, "unit") == "hours" else "days"
    members = [text(row, "contact") for row in without_blanks(draft)["members"]]
    return {"members": members, "shift": {unit: int(length)}, "start": text(draft, "start")}


def _override(row: Draft) -> dict[str, Any]:
    return {name: text(row, name) for name in ("from", "until", "contact")}


def input_of(field: str) -> str:
    """The input at which a fault of the document's field is shown."""
    if field.startswith("overrides"):
        return field
    parts = field.split(".")
    if field == "feed":
        return "url"
    name = parts[1] if parts[0] in (ROTATION, FEED) and len(parts) > 1 else parts[0]
    return {"members": "members.0.contact", "shift": "length", ROTATION: "members.0.contact"}.get(name, name)
