"""Fresh names for rows and tokens."""

from __future__ import annotations

import secrets

# 96 bits: two of a billion ids are equal with a chance of one in 10^11.
ID_BYTES = 12


def mint(prefix: str) -> str:
    """A new URL-safe id such as `sla_3q2-7wAbCdEfGhIj` for the prefix `sla`."""
    return f"{prefix}_{secrets.token_urlsafe(ID_BYTES)}"
