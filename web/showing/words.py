"""Words of the engine as people read them."""

from __future__ import annotations


def words(name: str) -> str:
    """`first_response` is `first response`."""
    return name.replace("_", " ")
