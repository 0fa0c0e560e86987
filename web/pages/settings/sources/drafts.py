"""A source as the form has it, and back. Pure."""

from __future__ import annotations

import json
from typing import Any

from store.sources.sources import SourceDocument
from web.http.faults import document_in
from web.http.forms import Draft, text


def draft_of(document: SourceDocument) -> Draft:
    return {
        "name": document.name,
        "settings": _spelled(document.settings),
        "mapping": _spelled(document.mapping),
        "prefix": document.prefix,
        "adopt": "on" if document.adopt else "",
    }


def document_of(draft: Draft, *, is_new: bool = False) -> dict[str, Any]:
    """What the form says, for the API's schema. Raises InvalidValue."""
    document: dict[str, Any] = {
        "adopt": bool(text(draft, "adopt")),
        "prefix": text(draft, "prefix"),
        "settings": document_in(text(draft, "settings") or "{}", "settings"),
    }
    mapping = text(draft, "mapping")
    if mapping or not is_new:
        document["mapping"] = document_in(mapping, "mapping") if mapping else None
    name, secret = text(draft, "name"), text(draft, "secret")
    if name or not is_new:
        document["name"] = name
    if secret:
        document["secret"] = secret
    if is_new:
        document["kind"] = text(draft, "kind") or None
    elif text(draft, "retire_previous_secret"):
        document["retire_previous_secret"] = True
    return document


def _spelled(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
