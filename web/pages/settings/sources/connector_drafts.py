"""The way back to a ticket system as the form has it, and back. Pure."""

from __future__ import annotations

from typing import Any

from service.hooks.connecting import WayBack
from web.http.forms import Draft, text
from web.pages.settings.shared import words_in


def draft_of(way: WayBack) -> Draft:
    """Without its credentials, which no page shows."""
    return {"base_url": way.base_url, "projects": ", ".join(way.projects)}


def without_secrets(draft: Draft, way: WayBack) -> Draft:
    """What of a form is shown again."""
    return {name: value for name, value in draft.items() if name not in way.asks}


def connector_of(draft: Draft, way: WayBack) -> dict[str, Any]:
    """What the form says, for the API's schema. Credentials that are left empty stay as they were."""
    given = {name: text(draft, name) for name in way.asks if text(draft, name)}
    document: dict[str, Any] = {"base_url": text(draft, "base_url") or None}
    if given:
        document["credentials"] = given
    if way.by_project:
        document["projects"] = words_in(text(draft, "projects"))
    return document


def input_of(way: WayBack, field: str) -> str:
    """The input at which a fault of `connector.credentials.token`, or of another field, is shown."""
    parts = field.split(".")[1:]
    if parts[:1] == ["credentials"]:
        return parts[1] if len(parts) > 1 and parts[1] in way.asks else way.asks[0]
    return parts[0] if parts else "base_url"
