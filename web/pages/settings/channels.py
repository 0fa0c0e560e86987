"""The channels that take receivers and addresses, with how their addresses look."""

from __future__ import annotations

from collections.abc import Sequence

from service.dependencies import Dependencies

CHANNELS = (
    ("webhook", "webhook: an https:// address"),
    ("email", "email: a mail address"),
    ("apprise", "apprise: an address of Apprise, such as slack://..."),
)


def channels(deps: Dependencies) -> Sequence[tuple[str, str]]:
    """(value, name) each; of those whose settings the operator has not made the name says so."""
    return [(name, _named(deps, name, text)) for name, text in CHANNELS]


def _named(deps: Dependencies, name: str, text: str) -> str:
    return text if deps.outlets.sends(name) else f"{text} (the operator has not set it up)"
