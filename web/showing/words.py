"""Words of the engine as people read them."""

from __future__ import annotations


def words(name: str) -> str:
    """`first_response` is `first response`."""
    return name.replace("_", " ")


def link(address: str | None) -> str | None:
    """The address where a browser may be sent: http(s) alone, for a ticket says what it likes."""
    return address if address is not None and address.lower().startswith(("https://", "http://")) else None
