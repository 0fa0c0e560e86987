"""A receiver as the form has it, and back. Pure."""

from __future__ import annotations

from typing import Any

from domain.record.receivers import Receiver
from web.http.forms import Draft, text
from web.pages.settings.shared import chosen, words_in

LISTS = ("types", "kinds", "policies", "teams")


def draft_of(receiver: Receiver) -> Draft:
    document = receiver.to_json()
    return {
        "name": document["name"],
        "timezone": document["timezone"] or "",
        "priorities": ", ".join(document["priorities"]),
        **{name: document[name] for name in LISTS},
    }


def document_of(draft: Draft, *, is_new: bool = False) -> dict[str, Any]:
    """What the form says, for the API's schema. An address that is left empty stays as it was."""
    document: dict[str, Any] = {
        "name": text(draft, "name"),
        "timezone": text(draft, "timezone") or None,
        "priorities": words_in(text(draft, "priorities")),
        **{name: chosen(draft, name) for name in LISTS},
    }
    address = text(draft, "address")
    if is_new:
        return {**document, "channel": text(draft, "channel"), "address": address}
    return {**document, "address": address} if address else document
