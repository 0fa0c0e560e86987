"""A contact as the form has it, and back. Pure."""

from __future__ import annotations

from typing import Any

from domain.people.contacts import Contact
from web.http.forms import Draft, rows, text
from web.pages.settings.shared import chosen

LISTS = ("members", "kept")
NEW_ADDRESSES = 2
"""Rows for more addresses in every form."""


def draft_of(contact: Contact) -> Draft:
    return {
        "name": contact.name,
        "kind": contact.kind.value,
        "timezone": contact.timezone or "",
        "members": list(contact.members),
        "kept": list(contact.channels),
    }


def document_of(draft: Draft) -> dict[str, Any]:
    """What the form says, for the API's schema: addresses that are kept first, then those that were typed."""
    kind = text(draft, "kind") or "person"
    typed = [row for row in rows(draft, "addresses") if text(row, "address")]
    return {
        "name": text(draft, "name"),
        "kind": kind,
        "timezone": text(draft, "timezone") or None,
        "members": chosen(draft, "members"),
        "addresses": [
            *({"id": one} for one in chosen(draft, "kept")),
            *({"channel": text(row, "channel"), "address": text(row, "address")} for row in typed),
        ],
    }


def input_of(draft: Draft, field: str) -> str:
    """The input of an address, whose place in the document is behind those that are kept."""
    *_, place, name = [*field.split("."), ""][:3]
    kept = len(chosen(draft, "kept"))
    if not place.isdecimal() or int(place) < kept:
        return "kept"
    filled = [index for index, row in enumerate(rows(draft, "addresses")) if text(row, "address")]
    number = int(place) - kept
    return f"addresses.{filled[number] if number < len(filled) else 0}.{name or 'address'}"
